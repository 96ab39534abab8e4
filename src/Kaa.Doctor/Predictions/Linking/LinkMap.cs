using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Target;

namespace Kaa.Doctor.Predictions.Linking;

/// <summary>
/// The dynamic linker's own list of what is loaded (struct link_map, <c>link.h</c>; glibc and musl have the same one), in the order in which it
/// looks for symbols.
/// </summary>
internal sealed class LinkMap
{
    // r_debug { int r_version; link_map *r_map; … }, link_map { l_addr, l_name, l_ld, l_next, l_prev }.
    private const int FirstOffset = 8;
    private const int DynamicOffset = 16;
    private const int NextOffset = 24;

    private LinkMap(List<LinkedObject> objects, bool isMusl)
    {
        Objects = objects;
        IsMusl = isMusl;
    }

    /// <summary>The program first.</summary>
    public IReadOnlyList<LinkedObject> Objects { get; }

    public LinkedObject Program => Objects[0];

    public bool IsMusl { get; }

    /// <summary>Null for a static program, which has no such list, and for one whose list can't be found.</summary>
    /// <param name="preloaded">Names in LD_PRELOAD.</param>
    public static LinkMap? Read(ObservedTarget target, IReadOnlyCollection<string> preloaded)
    {
        var objects = new List<LinkedObject>();
        foreach (Module module in target.Modules.Modules)
        {
            if (Open(target, module) is { Linkage.LoaderList: { } list } program)
            {
                Collect(target, list, program, objects);
                break;
            }
        }

        if (objects.Count == 0)
            return null;
        MarkInitial(objects, preloaded);
        return new LinkMap(objects, objects.Exists(each => each.FileName.StartsWith("ld-musl-", StringComparison.Ordinal)));
    }

    /// <summary>Where references of an object are looked for: what came with the program, then the object and what it needs.</summary>
    public IReadOnlyList<LinkedObject> Scope(LinkedObject from) => [.. Objects.Where(each => each.IsInitial), .. Closure(from, Objects).Where(each => !each.IsInitial)];

    /// <summary>An object and what it needs, in the order of the loader's search: breadth first.</summary>
    public static IReadOnlyList<LinkedObject> Closure(LinkedObject from, IReadOnlyList<LinkedObject> among)
    {
        var found = new List<LinkedObject> { from };
        for (int i = 0; i < found.Count; i++)
        {
            foreach (string needed in found[i].Linkage.Needed)
            {
                LinkedObject? next = among.FirstOrDefault(each => each.IsCalled(needed));
                if (next is not null && !found.Contains(next))
                    found.Add(next);
            }
        }

        return found;
    }

    private static void Collect(ObservedTarget target, Address list, LinkedObject program, List<LinkedObject> objects)
    {
        IMemory memory = target.Glance();
        var seen = new HashSet<Module> { program.Image!.Module };
        objects.Add(program);
        try
        {
            Address link = memory.ReadPointer(list + FirstOffset);
            for (int i = 0; i < Limits.LinkedModules && !link.IsNull; i++)
            {
                Module? module = target.Modules.Find(memory.ReadPointer(link + DynamicOffset));
                if (module is not null && seen.Add(module) && Open(target, module) is { } loaded)
                    objects.Add(loaded);
                link = memory.ReadPointer(link + NextOffset);
            }
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            // The list is being changed as we read: those that were met count.
        }
    }

    private static LinkedObject? Open(ObservedTarget target, Module module)
    {
        try
        {
            ModuleImage image = target.Images.For(module);
            return image.Elf is { Linkage: { } linkage } elf
                ? new LinkedObject(module.Path, elf, linkage) { Image = image, IsProgram = linkage.LoaderList is not null }
                : null;
        }
        catch (BadData)
        {
            return null;
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            return null;
        }
    }

    private static void MarkInitial(List<LinkedObject> objects, IReadOnlyCollection<string> preloaded)
    {
        foreach (LinkedObject each in Closure(objects[0], objects))
            each.IsInitial = true;
        foreach (LinkedObject preload in objects.Where(each => preloaded.Any(name => each.IsCalled(name) || each.FileName == name[(name.LastIndexOf('/') + 1)..])).ToArray())
        {
            foreach (LinkedObject each in Closure(preload, objects))
                each.IsInitial = true;
        }

        // The loader itself is always there.
        foreach (LinkedObject each in objects)
            each.IsInitial |= each.FileName.StartsWith("ld-", StringComparison.Ordinal) && each.FileName.Contains(".so", StringComparison.Ordinal);
    }
}

using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;

namespace Kaa.Target.Cores;

/// <summary>
/// What NT_FILE would say, for cores that lack it (older kernels, other writers, a core of gdb's that lost its end): programs and libraries
/// whose first page is in the core, with their names from the dynamic linker's list (struct link_map, <c>link.h</c>).
/// </summary>
internal sealed class LinkedModules(DumpedMemory dumped, AuxiliaryVector? auxiliary, string? exe)
{
    private const ulong PageMask = 0xfff;

    // link.h: r_debug { int r_version; link_map *r_map; … }, link_map { l_addr, l_name, l_ld, l_next, l_prev }.
    private const int FirstOffset = 8;
    private const int NameOffset = 8;
    private const int NextOffset = 24;
    private const ulong DebugTag = 21; // DT_DEBUG
    private const int DynamicEntrySize = 16;

    /// <summary>How many of them have a name that was made up.</summary>
    public int Unnamed { get; private set; }

    /// <summary>In order of address, apart from each other.</summary>
    public List<CoreFileMapping> Find()
    {
        List<ElfImage> images = Images();
        ElfImage? program = images.Find(image => image.ProgramHeaders.Any(header => header.Type == ElfSegmentType.Interpreter));
        Dictionary<ulong, string> names = program is null ? [] : NamesByBias(program);
        var mappings = new List<CoreFileMapping>();
        foreach (ElfImage image in images)
            Add(image, NameOf(image, image == program, names), mappings);
        mappings.Sort((left, right) => left.Start.CompareTo(right.Start));
        return Apart(mappings);
    }

    private List<ElfImage> Images()
    {
        var images = new List<ElfImage>();
        Span<byte> start = stackalloc byte[ElfIdentity.Length];
        foreach (DumpedRange range in dumped.Ranges)
        {
            bool isImage = dumped.Read(range.Start, start) == start.Length && ElfIdentity.Of(start).Verdict == ElfVerdict.Supported
                && range.Start.Value != auxiliary?[AuxiliaryKey.Vdso];
            if (isImage && Read(range.Start) is { } image && images.Count < Limits.LinkedModules)
                images.Add(image);
        }

        return images;
    }

    /// <summary>Null for what is no program or library, and for the vdso, which is no file and has one segment only.</summary>
    private ElfImage? Read(Address start)
    {
        try
        {
            ElfImage image = ElfImage.FromMemory(dumped, start);
            return image.Header.Type is ElfType.Executable or ElfType.SharedObject && image.Segments.Count > 1 ? image : null;
        }
        catch (Exception exception) when (exception is BadData or TargetFault)
        {
            return null;
        }
    }

    private Dictionary<ulong, string> NamesByBias(ElfImage program)
    {
        var names = new Dictionary<ulong, string>();
        try
        {
            Address link = DebugOf(program) is { } debug ? dumped.ReadPointer(debug + FirstOffset) : Address.Null;
            for (int i = 0; i < Limits.LinkedModules && !link.IsNull; i++)
            {
                string name = dumped.ReadCString(dumped.ReadPointer(link + NameOffset), Limits.Path);
                if (!names.TryAdd(dumped.Read<ulong>(link), name))
                    break;
                link = dumped.ReadPointer(link + NextOffset);
            }
        }
        catch (TargetFault)
        {
            // The list's end is not in the core: those that were read count.
        }

        return names;
    }

    private Address? DebugOf(ElfImage program)
    {
        foreach (ElfProgramHeader header in program.ProgramHeaders)
        {
            if (header.Type != ElfSegmentType.Dynamic)
                continue;
            ulong count = Math.Min(header.MemorySize / DynamicEntrySize, Limits.ElfDynamicEntries);
            for (ulong i = 0; i < count; i++)
            {
                Address entry = program.At(header.VirtualAddress) + (i * DynamicEntrySize);
                if (dumped.Read<ulong>(entry) == DebugTag)
                    return dumped.ReadPointer(entry + 8) is { IsNull: false } debug ? debug : null;
            }
        }

        return null;
    }

    private string NameOf(ElfImage image, bool isProgram, Dictionary<ulong, string> names)
    {
        if (names.TryGetValue(image.Bias, out string? name) && name.StartsWith('/'))
            return name;
        if (isProgram && (ExecutableName() ?? exe) is { } path)
            return path.StartsWith('/') ? path : "/" + path;
        Unnamed++;
        return (isProgram ? "/unknown-program-" : "/unknown-library-") + image.Segments[0].Start;
    }

    private string? ExecutableName()
    {
        try
        {
            return auxiliary?[AuxiliaryKey.ExecutableName] is { } name ? dumped.ReadCString(new Address(name), Limits.Path) : null;
        }
        catch (TargetFault)
        {
            return null;
        }
    }

    private static void Add(ElfImage image, string path, List<CoreFileMapping> mappings)
    {
        foreach (ElfSegment segment in image.Segments)
        {
            ulong start = segment.Start.Value & ~PageMask;
            ulong end = unchecked(segment.Start.Value + segment.FileSize + PageMask) & ~PageMask;
            if (segment.FileSize > 0 && end > start)
                mappings.Add(new CoreFileMapping(new Address(start), new Address(end), segment.FileOffset & ~PageMask, path));
        }
    }

    private static List<CoreFileMapping> Apart(List<CoreFileMapping> sorted)
    {
        var apart = new List<CoreFileMapping>(sorted.Count);
        foreach (CoreFileMapping mapping in sorted)
        {
            if (apart.Count == 0 || mapping.Start >= apart[^1].End)
                apart.Add(mapping);
        }

        return apart;
    }
}

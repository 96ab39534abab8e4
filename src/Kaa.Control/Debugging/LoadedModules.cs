using Kaa.Formats.ProcText;
using Kaa.Linux;
using Kaa.Linux.Launching;
using Kaa.Linux.Proc;

namespace Kaa.Control.Debugging;

/// <summary>Whether a live process has loaded or unloaded something, or runs another program, since it was opened.</summary>
internal sealed class LoadedModules(LiveTarget target)
{
    private LoaderWatch? _loader;
    private ulong? _loads;

    /// <summary>Cheap: false where the dynamic linker's list is as it was when this was last asked; true also where that can't be read.</summary>
    /// <param name="loads">How often the dynamic linker has told of what it loads; null where that is not counted.</param>
    public bool MayBeOthers(Func<ulong?>? loads)
    {
        ulong? now = loads?.Invoke();
        if (now is not null && now == _loads)
            return false;
        _loads = now;
        return (_loader ??= target.WatchLoader())?.HasChanged() != false;
    }

    /// <summary>Other files are mapped, or elsewhere.</summary>
    public bool AreOthers()
    {
        var text = new KernelText();
        if (!text.TryRead(ProcRoot.System.Of(target.Info.Pid!.Value, "maps"), out ReadOnlySpan<byte> maps))
            return false;
        List<Mapping> files = MapsParser.Parse(maps).FindAll(mapping => mapping.IsFile);
        int i = 0;
        foreach (Mapping mapping in target.Mappings)
        {
            if (!mapping.IsFile)
                continue;
            if (i >= files.Count || files[i].Start != mapping.Start || files[i].End != mapping.End || files[i].Inode != mapping.Inode)
                return true;
            i++;
        }

        return i != files.Count;
    }
}

using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Files;
using Kaa.Linux.Memory;
using Kaa.Target;

namespace Kaa.Control.Cores;

/// <summary>
/// Which pages of shared memory there are. To read one that is not there would make the kernel allocate it, and a fork copies no page tables of
/// shared memory: so the file behind it is asked where it has data, else the process itself which pages it has used.
/// </summary>
internal sealed class SharedPages(ITargetFiles files, ResidentPages processPages)
{
    private const ulong PageSize = 4096;

    /// <summary>False where that can't be known.</summary>
    public bool TryFind(Mapping mapping, List<PageRun> runs)
    {
        if (mapping.IsFile && files.OpenMapped(mapping) is { } file)
        {
            using (file)
            {
                if (file is RegularFile regular && TryFindData(regular, mapping, runs))
                    return true;
            }
        }

        runs.Clear();
        return processPages.TryFind(mapping.Start, mapping.End, false, runs);
    }

    private static bool TryFindData(RegularFile file, Mapping mapping, List<PageRun> runs)
    {
        ulong place = mapping.Offset;
        ulong end = mapping.Offset + mapping.Length;
        while (place < end && file.NextData(place) is { } data)
        {
            if (data.Start is not { } start || start >= end)
                return true;
            ulong last = Math.Min(end, (data.End + PageSize - 1) & ~(PageSize - 1));
            start &= ~(PageSize - 1);
            runs.Add(new PageRun(mapping.Start + (start - mapping.Offset), mapping.Start + (last - mapping.Offset)));
            place = last;
            if (place >= end)
                return true;
        }

        return place >= end;
    }
}

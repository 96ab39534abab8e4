using Kaa.Linux.Calls;

namespace Kaa.Linux.Proc;

/// <summary>The processes that a /proc shows.</summary>
internal static class PidDirectory
{
    public static List<int> List(ProcRoot proc)
    {
        var pids = new List<int>();
        using Descriptor? directory = Descriptor.Open(proc.Path, OpenFlags.Directory);
        if (directory is not null)
            NumberedEntries.Add(directory.Number, GC.AllocateUninitializedArray<byte>(32 << 10), pids);
        pids.Sort();
        return pids;
    }
}

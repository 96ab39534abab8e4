using System.Globalization;

namespace Kaa.Linux.Proc;

/// <summary>The processes that a /proc shows.</summary>
internal static class PidDirectory
{
    public static List<int> List(ProcRoot proc)
    {
        var pids = new List<int>();
        foreach (string directory in Directory.EnumerateDirectories(proc.Path))
        {
            ReadOnlySpan<char> name = directory.AsSpan(directory.LastIndexOf('/') + 1);
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
                pids.Add(pid);
        }

        pids.Sort();
        return pids;
    }
}

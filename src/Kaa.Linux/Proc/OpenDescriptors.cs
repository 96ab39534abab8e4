using System.Globalization;
using Kaa.Formats;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Proc;

/// <summary>The descriptors of a process, by what the kernel calls their files (/proc/PID/fd).</summary>
public static class OpenDescriptors
{
    private const int Piece = 32 << 10;

    /// <summary>Those whose file's name begins so; none where the process is gone, or may not be looked at.</summary>
    public static List<int> Find(ProcRoot proc, int tid, string beginning)
    {
        var numbers = new List<int>();
        using Descriptor? directory = Descriptor.Open(proc.Of(tid, "fd"), OpenFlags.Directory);
        if (directory is null)
            return numbers;
        try
        {
            NumberedEntries.Add(directory.Number, GC.AllocateUninitializedArray<byte>(Piece), numbers);
        }
        catch (BadData)
        {
            // More than there are threads at most: these will do.
        }

        numbers.RemoveAll(number => !Is(proc, tid, number, beginning));
        return numbers;
    }

    /// <summary>True where that descriptor is of such a file.</summary>
    public static bool Is(ProcRoot proc, int tid, int number, string beginning) =>
        Descriptor.ReadLink(proc.Of(tid, string.Create(CultureInfo.InvariantCulture, $"fd/{number}"))) is { } link && link.StartsWith(beginning, StringComparison.Ordinal);
}

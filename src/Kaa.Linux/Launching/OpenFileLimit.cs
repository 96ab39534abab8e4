using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Launching;

/// <summary>
/// .NET raises its limit of open files at its start, and a program that it starts would have that too: some close, or poll, as many descriptors as there may be.
/// What it was then is not known any more; whoever started Kaa has it still.
/// </summary>
internal static unsafe class OpenFileLimit
{
    private const int OpenFiles = 7; // RLIMIT_NOFILE

    public static void Restore(int pid)
    {
        var text = new KernelText();
        ulong* ours = stackalloc ulong[2];
        ulong* theirs = stackalloc ulong[2];
        if (!text.TryRead(ProcRoot.System.Of("self/stat"), out ReadOnlySpan<byte> stat)
            || Libc.SetLimit(StatParser.Parse(stat).ParentPid, OpenFiles, null, theirs) != 0
            || Libc.SetLimit(0, OpenFiles, null, ours) != 0)
            return;
        bool wasRaised = ours[0] == ours[1] && theirs[1] == ours[1] && theirs[0] < ours[0];
        if (wasRaised)
            _ = Libc.SetLimit(pid, OpenFiles, theirs, null);
    }
}

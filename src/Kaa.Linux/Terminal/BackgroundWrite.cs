using Kaa.Linux.Calls;

namespace Kaa.Linux.Terminal;

/// <summary>Whoever changes a terminal from the background is stopped by SIGTTOU, unless it blocks that (tcsetpgrp(3), tcsetattr(3)).</summary>
internal static unsafe class BackgroundWrite
{
    private const int Block = 0; // SIG_BLOCK
    private const int Restore = 2; // SIG_SETMASK
    private const ulong Output = 1ul << (22 - 1); // SIGTTOU
    private const int MaskWords = 16; // sigset_t of glibc

    public static void Do(Action change)
    {
        ulong* signals = stackalloc ulong[MaskWords];
        ulong* before = stackalloc ulong[MaskWords];
        new Span<ulong>(signals, MaskWords).Clear();
        signals[0] = Output;
        _ = Libc.SetSignalMask(Block, signals, before);
        change();
        _ = Libc.SetSignalMask(Restore, before, null);
    }
}

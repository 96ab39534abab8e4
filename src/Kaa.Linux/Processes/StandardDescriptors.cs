using Kaa.Linux.Calls;
using Kaa.Linux.Launching;

namespace Kaa.Linux.Processes;

/// <summary>
/// Descriptors 0, 1 and 2. Where Kaa was started without one of them, the runtime's own files and pipes have got its number by now, and what is written to it goes astray: Kaa begins anew then, with /dev/null there.
/// </summary>
public static unsafe class StandardDescriptors
{
    private const int Duplicate = 33; // dup2
    private const int Execute = 59; // execve
    private const int Control = 72; // fcntl
    private const int GetFlags = 1; // F_GETFD
    private const int SetFlags = 2; // F_SETFD
    private const int CloseOnExec = 1; // FD_CLOEXEC: an inherited one does not have it, the runtime's have
    private const int Count = 3;

    /// <summary>To be called first of all. Does not return where one was missing.</summary>
    public static void Ensure()
    {
        if (AreThere() || Descriptor.Open("/dev/null", OpenFlags.ReadWrite) is not { } nothing)
            return;
        for (int number = 0; number < Count; number++)
        {
            if (IsThere(number))
                continue;
            _ = Libc.SystemCall(Duplicate, nothing.Number, number, 0, 0);

            // It may be the very one that was opened.
            _ = Libc.SystemCall(Control, number, SetFlags, 0, 0);
        }

        if (!AreThere())
            return;
        using var path = new TextArray(["/proc/self/exe"]);
        using var command = new TextArray(Environment.GetCommandLineArgs());
        using var environment = new EnvironmentBlock(null);
        _ = Libc.SystemCall(Execute, (nint)path.Pointers[0], (nint)command.Pointers, (nint)environment.Pointers, 0);
    }

    private static bool AreThere()
    {
        bool areThere = true;
        for (int number = 0; number < Count; number++)
            areThere &= IsThere(number);
        return areThere;
    }

    private static bool IsThere(int number) => Libc.SystemCall(Control, number, GetFlags, 0, 0) is >= 0 and var flags && (flags & CloseOnExec) == 0;
}

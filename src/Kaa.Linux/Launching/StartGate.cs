using System.Globalization;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Launching;

/// <summary>
/// Holds a child of posix_spawn back before it runs its program, so that it can be seized: one of the things that it is told to do is to open a file of which Kaa has
/// a lease (fcntl(2), "Leases"), and the kernel has it wait until the lease is given up. So no code of ours runs in the child, and nothing of it is left in the
/// program. Were Kaa killed, the kernel takes the lease back after /proc/sys/fs/lease-break-time, and the program starts.
/// </summary>
internal sealed unsafe class StartGate : IDisposable
{
    private const int Control = 72; // fcntl
    private const int SetSignal = 10; // F_SETSIG
    private const int SetLease = 1024; // F_SETLEASE
    private const int ReadLease = 0; // F_RDLCK: whoever wants to write waits; the lease of writers is refused for files in memory
    private const int NoLease = 2; // F_UNLCK
    private const int DuplicateAbove = 1030; // F_DUPFD_CLOEXEC
    private const int Urgent = 23; // SIGURG: the kernel tells of the waiting child by a signal; this one does nothing
    private const uint CloseOnExec = 1; // MFD_CLOEXEC

    private readonly Descriptor _file;
    private readonly Descriptor _place;

    private StartGate(Descriptor file, Descriptor place)
    {
        _file = file;
        _place = place;
    }

    /// <summary>Null where the kernel has no such leases.</summary>
    public static StartGate? Create()
    {
        int number;
        fixed (byte* name = "kaa-start\0"u8)
            number = Libc.MemoryFile(name, CloseOnExec);
        if (number < 0)
            return null;
        using var writable = new Descriptor(number);
        if (Descriptor.Open(PathOf(number), OpenFlags.ReadOnly) is not { } file)
            return null;
        var place = new Descriptor((int)Libc.SystemCall(Control, file.Number, DuplicateAbove, file.Number + 1, 0));
        writable.Dispose();
        if (place.Number >= 0
            && Libc.SystemCall(Control, file.Number, SetSignal, Urgent, 0) == 0
            && Libc.SystemCall(Control, file.Number, SetLease, ReadLease, 0) == 0)
            return new StartGate(file, place);
        place.Dispose();
        file.Dispose();
        return null;
    }

    /// <summary>Adds what the child is to do.</summary>
    public void AddTo(void* actions)
    {
        fixed (byte* bytes = Descriptor.Terminated(PathOf(_file.Number)))
            _ = Libc.AddSpawnOpen(actions, _place.Number, bytes, OpenFlags.WriteOnly, 0);
        _ = Libc.AddSpawnClose(actions, _place.Number);
    }

    public void Open() => _ = Libc.SystemCall(Control, _file.Number, SetLease, NoLease, 0);

    private static string PathOf(int descriptor) => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}");

    public void Dispose()
    {
        _file.Dispose();
        _place.Dispose();
    }
}

using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Memory;

/// <summary>
/// Memory of a live process, uncached. <c>process_vm_readv</c> where that is allowed; <c>/proc/PID/mem</c>, opened once at the start, where
/// it is not, and from the moment on at which it is refused (the target gave up or changed its user, or the thread that it goes by has ended).
/// </summary>
public sealed unsafe class LiveMemory : IMemory, IDisposable
{
    private readonly int _tid;
    private readonly Descriptor? _file;
    private bool _useFile;

    private LiveMemory(int tid, Descriptor? file, bool useFile)
    {
        _tid = tid;
        _file = file;
        _useFile = useFile;
    }

    /// <summary>True where process_vm_readv is refused (a seccomp filter of our own, usually).</summary>
    public bool ReadsThroughFile => _useFile;

    /// <summary>Calls of the kernel so far.</summary>
    public long Calls { get; private set; }

    /// <summary>Tries both ways on one readable byte; null where neither is allowed, <paramref name="error"/> saying why.</summary>
    /// <param name="tid">A thread that has memory: not a zombie leader.</param>
    public static LiveMemory? Open(ProcRoot root, int tid, Address probe, out int error)
    {
        Descriptor? file = Descriptor.Open(root.Of(tid, "mem"), OpenFlags.ReadOnly);
        error = file is null ? Errno.Last : 0;
        byte one;
        if (ReadProcess(tid, probe, &one, 1) == 1)
            return new LiveMemory(tid, file, false);
        int refused = Errno.Last;
        if (file is not null && Libc.ReadAt(file.Number, &one, 1, (long)probe.Value) == 1)
            return new LiveMemory(tid, file, true);
        error = refused;
        file?.Dispose();
        return null;
    }

    public int Read(Address address, Span<byte> buffer)
    {
        Calls++;
        fixed (byte* bytes = buffer)
        {
            if (_useFile)
                return ReadFile(address, bytes, buffer.Length);
            nint count = ReadProcess(_tid, address, bytes, buffer.Length);
            if (count >= 0)
                return (int)count;
            return Errno.Last is Errno.BadAddress or Errno.NoMemory ? 0 : Fall(address, bytes, buffer.Length);
        }
    }

    /// <summary>Reads several ranges by one call, one behind the other; ends at the first that is not all there. Gives the number of bytes, 0 where it can't be done so.</summary>
    internal int ReadMany(ReadOnlySpan<IoVector> ranges, Span<byte> buffer)
    {
        if (_useFile)
            return 0;
        Calls++;
        fixed (byte* bytes = buffer)
        fixed (IoVector* remote = ranges)
        {
            var local = new IoVector { Base = (ulong)bytes, Length = (nuint)buffer.Length };
            nint count = Libc.ReadProcess(_tid, &local, 1, remote, (nuint)ranges.Length, 0);
            return count < 0 ? 0 : (int)count;
        }
    }

    /// <summary>
    /// False once the process has exited or run another program: the descriptor belongs to the memory that it was opened on, and reads
    /// nothing at all once that has no user (mem_rw, fs/proc/base.c), whereas a hole is EIO.
    /// </summary>
    public bool IsAlive(Address probe)
    {
        byte one;
        return _file is null || Libc.ReadAt(_file.Number, &one, 1, (long)probe.Value) != 0;
    }

    public void Dispose() => _file?.Dispose();

    private static nint ReadProcess(int tid, Address address, byte* buffer, int length)
    {
        var local = new IoVector { Base = (ulong)buffer, Length = (nuint)length };
        var remote = new IoVector { Base = address.Value, Length = (nuint)length };
        return Libc.ReadProcess(tid, &local, 1, &remote, 1, 0);
    }

    private int Fall(Address address, byte* buffer, int length)
    {
        if (_file is null)
            throw new TargetFault(FaultReason.Gone, address, "the process is gone or may not be read any more");
        _useFile = true;
        return ReadFile(address, buffer, length);
    }

    private int ReadFile(Address address, byte* buffer, int length)
    {
        if (address.Value > long.MaxValue)
            return 0;
        int done = 0;
        while (done < length)
        {
            // Stops at a hole; may also stop early, so it is asked again.
            nint count = Libc.ReadAt(_file!.Number, buffer + done, (nuint)(length - done), (long)address.Value + done);
            if (count == 0)
                throw new TargetFault(FaultReason.Gone, address, "the process has exited or runs another program");
            if (count < 0)
                break;
            done += (int)count;
        }

        return done;
    }
}

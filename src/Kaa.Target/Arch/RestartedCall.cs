using Kaa.Formats;

namespace Kaa.Target.Arch;

/// <summary>
/// Which call a thread is in that the kernel shows in <c>restart_syscall</c>: a stop or a signal cut a timed wait short, and it goes on for the rest of its time.
/// The registers still hold the arguments of the call; its number is in the code in front of the system call's instruction, else its arguments tell.
/// Only four calls are made again so (set_restart_fn in Linux: poll, nanosleep, clock_nanosleep, futex).
/// </summary>
public static class RestartedCall
{
    private const int Restart = 219; // restart_syscall
    private const int Poll = 7;
    private const int Sleep = 35; // nanosleep
    private const int SleepByClock = 230; // clock_nanosleep
    private const int Futex = 202;
    private const int LastClock = 11; // CLOCK_TAI
    private const ulong MostPolled = 1 << 20; // RLIMIT_NOFILE's usual upper end
    private const ulong SecondsOfYear = 366 * 86_400;
    private const ulong NanosecondsOfSecond = 1_000_000_000;
    private const ulong PrivateFutex = 128; // FUTEX_PRIVATE_FLAG
    private const ulong RealTimeFutex = 256; // FUTEX_CLOCK_REALTIME

    /// <summary>mov $number, %eax; syscall. The instruction pointer is behind it.</summary>
    private const int CodeLength = 7;
    private const byte MoveToEax = 0xb8;

    /// <summary>The thread with the call that it really is in; as it was where that can't be told.</summary>
    public static TargetThread Resolve(TargetThread thread, IMemory memory)
    {
        if (thread.Call is not { Number: Restart } call)
            return thread;
        try
        {
            int? number = ByCode(thread.InstructionPointer, memory) ?? ByArguments(call, memory);
            return number is { } known ? thread with { Call = call with { Number = known } } : thread;
        }
        catch (TargetFault)
        {
            return thread;
        }
    }

    private static int? ByCode(Address? instructionPointer, IMemory memory)
    {
        Span<byte> code = stackalloc byte[CodeLength];
        if (instructionPointer is not { Value: > CodeLength } end || !memory.TryReadExactly(end - CodeLength, code) || code[0] != MoveToEax || code[5] != 0x0f || code[6] != 0x05)
            return null;
        int number = ((ReadOnlySpan<byte>)code).Int32At(1);
        return number is Poll or Sleep or SleepByClock or Futex ? number : null;
    }

    /// <summary>In glibc 2.41 and later, and in musl, one instruction makes all calls of this kind. Null where more than one of them would fit.</summary>
    private static int? ByArguments(BlockedCall call, IMemory memory)
    {
        int? number = null;
        int fitting = 0;
        Consider(SleepByClock, IsSleepByClock(call, memory));
        Consider(Sleep, IsSleep(call, memory));
        Consider(Futex, IsFutex(call, memory));
        Consider(Poll, IsPoll(call, memory));
        return fitting == 1 ? number : null;

        void Consider(int candidate, bool fits)
        {
            fitting += fits ? 1 : 0;
            number = fits ? candidate : number;
        }
    }

    private static bool IsSleepByClock(BlockedCall call, IMemory memory) => call.Arg0 <= LastClock && call.Arg1 == 0 && IsTime(call.Arg2, memory);

    private static bool IsSleep(BlockedCall call, IMemory memory) =>
        IsTime(call.Arg0, memory) && (call.Arg1 == 0 || call.Arg1 > MostPolled && IsReadable(call.Arg1, 2 * sizeof(ulong), memory));

    /// <summary>FUTEX_WAIT 0 or FUTEX_WAIT_BITSET 9, with a timeout; on a word that has another value by now, or the one that was expected.</summary>
    private static bool IsFutex(BlockedCall call, IMemory memory) =>
        (call.Arg1 & ~(PrivateFutex | RealTimeFutex)) is 0 or 9 && (call.Arg0 & 3) == 0 && IsReadable(call.Arg0, sizeof(int), memory) && IsTime(call.Arg3, memory);

    private static bool IsPoll(BlockedCall call, IMemory memory)
    {
        const int EntrySize = 8; // struct pollfd: fd, events, revents
        if (call.Arg2 is 0 or > int.MaxValue || call.Arg1 > MostPolled)
            return false;
        if (call.Arg1 == 0)
            return true;
        Span<byte> first = stackalloc byte[EntrySize];
        return memory.TryReadExactly(new Address(call.Arg0), first) && ((ReadOnlySpan<byte>)first).Int32At(0) is >= -1 and < (int)MostPolled
            && IsReadable(unchecked(call.Arg0 + (call.Arg1 - 1) * EntrySize), EntrySize, memory);
    }

    /// <summary>A <c>struct timespec</c>: of a duration, or of a point in time.</summary>
    private static bool IsTime(ulong address, IMemory memory)
    {
        Span<byte> time = stackalloc byte[2 * sizeof(ulong)];
        return address > MostPolled && (address & 7) == 0 && memory.TryReadExactly(new Address(address), time)
            && ((ReadOnlySpan<byte>)time).PointerAt(0) < 1000 * SecondsOfYear && ((ReadOnlySpan<byte>)time).PointerAt(8) < NanosecondsOfSecond;
    }

    private static bool IsReadable(ulong address, int length, IMemory memory)
    {
        Span<byte> bytes = stackalloc byte[16];
        return memory.TryReadExactly(new Address(address), bytes[..length]);
    }
}

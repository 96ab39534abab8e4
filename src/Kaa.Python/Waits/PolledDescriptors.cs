using System.Buffers.Binary;
using System.Numerics;
using Kaa.Formats;
using Kaa.Target;
using Kaa.Target.Arch;

namespace Kaa.Python.Waits;

/// <summary>Reads from a thread's memory which descriptors it waits for in poll or select.</summary>
internal static class PolledDescriptors
{
    /// <summary>More than anybody would read; such a wait names none.</summary>
    private const int Most = 4;

    private const int SelectMost = 1024; // FD_SETSIZE
    private const int PollEntry = 8; // struct pollfd { int fd; short events, revents; }

    /// <summary>Empty where there are too many, none, or they can't be read.</summary>
    public static IReadOnlyList<int> Read(BlockedCall call, IMemory memory) => BlockedCallMeaning.Of(call).Name switch
    {
        "poll" or "ppoll" => Poll(new Address(call.Arg0), call.Arg1, memory),
        "select" or "pselect6" => Select(call, memory),
        _ => [],
    };

    private static List<int> Poll(Address entries, ulong count, IMemory memory)
    {
        var found = new List<int>();
        Span<byte> bytes = stackalloc byte[Most * PollEntry];
        if (count > Most || !memory.TryReadExactly(entries, bytes = bytes[..((int)count * PollEntry)]))
            return found;
        for (int at = 0; at < bytes.Length; at += PollEntry)
        {
            if (BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]) is >= 0 and int descriptor)
                found.Add(descriptor);
        }

        return found;
    }

    /// <summary>The sets are as the caller filled them: the kernel writes its answer when it returns.</summary>
    private static List<int> Select(BlockedCall call, IMemory memory)
    {
        int count = (int)Math.Min(call.Arg0, SelectMost);
        Span<byte> all = stackalloc byte[SelectMost / 8];
        Span<byte> set = stackalloc byte[SelectMost / 8];
        all.Clear();
        int length = (count + 63) / 64 * 8;
        foreach (ulong address in (ReadOnlySpan<ulong>)[call.Arg1, call.Arg2, call.Arg3])
        {
            if (address == 0)
                continue;
            if (!memory.TryReadExactly(new Address(address), set[..length]))
                return [];
            for (int i = 0; i < length; i++)
                all[i] |= set[i];
        }

        return Members(all[..length], count);
    }

    private static List<int> Members(ReadOnlySpan<byte> set, int count)
    {
        var found = new List<int>();
        for (int i = 0; i < set.Length; i++)
        {
            for (int bits = set[i]; bits != 0; bits &= bits - 1)
            {
                int descriptor = (i * 8) + BitOperations.TrailingZeroCount(bits);
                if (descriptor < count)
                    found.Add(descriptor);
                if (found.Count > Most)
                    return [];
            }
        }

        return found;
    }
}

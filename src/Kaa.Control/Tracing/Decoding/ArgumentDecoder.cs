using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Control.Tracing.Decoding;

/// <summary>Arguments and results of a call, read while its thread stands still. What can't be read is shown as its address.</summary>
/// <param name="memory">Of the target, as of now.</param>
/// <param name="describe">What a descriptor of the target is; null where that is not known.</param>
/// <param name="maxValue">Characters of a text that are shown.</param>
/// <param name="redact">Arguments whose names one of these finds are not shown.</param>
public sealed class ArgumentDecoder(IMemory memory, Func<int, string?> describe, int maxValue, IReadOnlyList<Regex> redact)
{
    private const string Hidden = "<redacted>";
    private const int MostTexts = 12;
    private const int MostDescriptors = 8;
    private const int MostVectors = 8;
    private const int SocketAddressSize = 128; // struct sockaddr_storage
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const ulong Creates = 0x40 | 0x400000; // O_CREAT, __O_TMPFILE

    /// <summary>At the call's entry: what is given by the call is left open.</summary>
    public TraceArgument[] Enter(Signature signature, ReadOnlySpan<ulong> arguments)
    {
        int count = Math.Min(signature.Parameters.Count, arguments.Length);
        if (count > 0 && signature.Parameters[count - 1].Kind == ArgumentKind.CreateMode && (arguments[count - 2] & Creates) == 0)
            count--;
        var shown = new TraceArgument[count];
        for (int i = 0; i < count; i++)
        {
            Parameter parameter = signature.Parameters[i];
            string value = IsHidden(parameter.Name) ? Hidden : parameter.IsOut ? PointerText(arguments[i]) : In(parameter, i, arguments);
            shown[i] = new TraceArgument(parameter.Name, value);
        }

        return shown;
    }

    /// <summary>At its exit: what it gave.</summary>
    public void Exit(Signature signature, ReadOnlySpan<ulong> arguments, long result, TraceArgument[] shown)
    {
        for (int i = 0; i < shown.Length; i++)
        {
            Parameter parameter = signature.Parameters[i];
            if (parameter.IsOut && arguments[i] != 0 && result >= 0 && !IsHidden(parameter.Name) && Out(parameter, i, arguments, result) is { } value)
                shown[i] = new TraceArgument(parameter.Name, value);
        }
    }

    private bool IsHidden(string name)
    {
        foreach (Regex regex in redact)
        {
            if (regex.IsMatch(name))
                return true;
        }

        return false;
    }

    private string In(Parameter parameter, int index, ReadOnlySpan<ulong> arguments)
    {
        ulong value = arguments[index];
        return parameter.Kind switch
        {
            ArgumentKind.Int => Number(unchecked((int)value)),
            ArgumentKind.UInt => Number(unchecked((uint)value)),
            ArgumentKind.Long => Number(unchecked((long)value)),
            ArgumentKind.Size => value.ToString(CultureInfo.InvariantCulture),
            ArgumentKind.Id => unchecked((int)value) == -1 ? "-1" : Number(unchecked((uint)value)),
            ArgumentKind.Mode or ArgumentKind.CreateMode => Octal(unchecked((uint)value)),
            ArgumentKind.Flags => parameter.Flags!.Show(unchecked((uint)value)),
            ArgumentKind.Path or ArgumentKind.Text => Text(value),
            ArgumentKind.TextArray => Texts(value),
            ArgumentKind.Descriptor => DescriptorText(unchecked((int)value)),
            ArgumentKind.DirectoryDescriptor => unchecked((int)value) == CurrentDirectory ? "AT_FDCWD" : DescriptorText(unchecked((int)value)),
            ArgumentKind.BytesIn => Bytes(value, arguments[parameter.Other]),
            ArgumentKind.VectorIn => Vectors(value, arguments[parameter.Other], long.MaxValue),
            ArgumentKind.SocketAddressIn => SocketAddress(value, arguments[parameter.Other]),
            ArgumentKind.PollArray => Polled(value, unchecked((uint)arguments[1])),
            ArgumentKind.TimeSpec => Time(value, 1e9),
            ArgumentKind.TimeValue => Time(value, 1e6),
            ArgumentKind.OpenHow => How(value),
            ArgumentKind.Pointer => PointerText(value),
            _ => "0x" + value.ToString("x", CultureInfo.InvariantCulture),
        };
    }

    private string? Out(Parameter parameter, int index, ReadOnlySpan<ulong> arguments, long result) => parameter.Kind switch
    {
        ArgumentKind.BytesOut => Bytes(arguments[index], (ulong)result),
        ArgumentKind.TextOut => Text(arguments[index]),
        ArgumentKind.VectorOut => Vectors(arguments[index], arguments[parameter.Other], result),
        ArgumentKind.DescriptorsOut => memory.TryRead(new Address(arguments[index]), out long pair)
            ? string.Create(CultureInfo.InvariantCulture, $"[{unchecked((int)pair)}, {(int)(pair >> 32)}]")
            : null,
        ArgumentKind.FileStatusOut => FileStatus(arguments[index]),
        ArgumentKind.WaitStatusOut => result > 0 && memory.TryRead(new Address(arguments[index]), out int status) ? Wait(status) : null,
        ArgumentKind.SocketAddressOut => memory.TryRead(new Address(arguments[parameter.Other]), out uint length) ? SocketAddress(arguments[index], length) : null,
        _ => null,
    };

    private string DescriptorText(int descriptor) => descriptor < 0
        ? Number(descriptor)
        : describe(descriptor) is { } what ? string.Create(CultureInfo.InvariantCulture, $"{descriptor}<{what}>") : Number(descriptor);

    private string Text(ulong address)
    {
        if (address == 0)
            return "NULL";

        // Each character may have four bytes; a text that goes on behind that is cut anyway.
        int most = (int)Math.Min(Limits.ConditionText, maxValue * 4L + 1);
        byte[] bytes = System.Buffers.ArrayPool<byte>.Shared.Rent(most);
        try
        {
            int got = ReadText(new Address(address), bytes.AsSpan(0, most), out bool isWhole);
            return got == 0 && !isWhole ? PointerText(address) : Literal.OfText(bytes.AsSpan(0, got), maxValue, !isWhole);
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>In pieces that lie in one page each, so that a text in front of a hole is read whole.</summary>
    private int ReadText(Address address, Span<byte> buffer, out bool isWhole)
    {
        const ulong Piece = 256;
        int done = 0;
        isWhole = false;
        while (done < buffer.Length && !isWhole)
        {
            Address next = address + done;
            int wanted = (int)Math.Min(Piece - (next.Value & (Piece - 1)), (ulong)(buffer.Length - done));
            int got = memory.Read(next, buffer.Slice(done, wanted));
            int end = buffer.Slice(done, got).IndexOf((byte)0);
            isWhole = end >= 0;
            done += isWhole ? end : got;
            if (got < wanted)
                break;
        }

        return done;
    }

    private string Texts(ulong address)
    {
        if (address == 0)
            return "NULL";
        var text = new StringBuilder("[");
        for (int i = 0; ; i++)
        {
            if (!memory.TryReadPointer(new Address(address) + (i * 8L), out Address one))
                return i == 0 ? PointerText(address) : text.Append(", …]").ToString();
            if (one.IsNull)
                return text.Append(']').ToString();
            text.Append(i == 0 ? "" : ", ");
            if (i == MostTexts)
                return text.Append("…]").ToString();
            text.Append(Text(one.Value));
        }
    }

    private string Bytes(ulong address, ulong length)
    {
        if (address == 0)
            return "NULL";
        byte[] bytes = new byte[(int)Math.Min(length, (ulong)maxValue)];
        int got = memory.Read(new Address(address), bytes);
        return got < bytes.Length ? PointerText(address) : Literal.OfBytes(bytes, length > (ulong)got);
    }

    /// <param name="most">How many bytes of all have a meaning.</param>
    private string Vectors(ulong address, ulong count, long most)
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < (int)Math.Min(count, MostVectors) && most > 0; i++)
        {
            Address one = new Address(address) + (i * 16L);
            if (!memory.TryReadPointer(one, out Address start) || !memory.TryRead(one + 8, out long length))
                return PointerText(address);
            text.Append(i == 0 ? "" : ", ").Append(Bytes(start.Value, (ulong)Math.Clamp(length, 0, most)));
            most -= Math.Max(length, 0);
        }

        return text.Append(count > MostVectors ? ", …]" : "]").ToString();
    }

    private string SocketAddress(ulong address, ulong length)
    {
        if (address == 0)
            return "NULL";
        Span<byte> bytes = stackalloc byte[(int)Math.Min(length, SocketAddressSize)];
        return memory.TryReadExactly(new Address(address), bytes) && SocketAddressText.Of(bytes) is { } text ? text : PointerText(address);
    }

    private string Polled(ulong address, uint count)
    {
        FlagSet? events = FlagSet.Find("poll");
        var text = new StringBuilder("[");
        for (int i = 0; i < Math.Min(count, MostDescriptors); i++)
        {
            if (!memory.TryRead(new Address(address) + (i * 8L), out ulong one))
                return PointerText(address);
            text.Append(i == 0 ? "" : ", ").Append(DescriptorText(unchecked((int)one))).Append(' ').Append(events!.Show((one >> 32) & 0xffff));
        }

        return text.Append(count > MostDescriptors ? ", …]" : "]").ToString();
    }

    private string Time(ulong address, double fraction)
    {
        if (address == 0)
            return "NULL";
        return memory.TryRead(new Address(address), out long seconds) && memory.TryRead(new Address(address) + 8, out long rest)
            ? (seconds + rest / fraction).ToString("0.#########", CultureInfo.InvariantCulture) + " s"
            : PointerText(address);
    }

    /// <summary>struct open_how: flags, mode, resolve.</summary>
    private string How(ulong address)
    {
        Span<byte> bytes = stackalloc byte[24];
        if (!memory.TryReadExactly(new Address(address), bytes))
            return PointerText(address);
        string flags = FlagSet.Find("open")!.Show(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        ulong mode = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        ulong resolve = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        return "{" + flags + (mode == 0 ? "" : ", " + Octal((uint)mode)) + (resolve == 0 ? "" : ", resolve 0x" + resolve.ToString("x", CultureInfo.InvariantCulture)) + "}";
    }

    /// <summary>st_mode at 24, st_size at 48 (arch/x86/include/uapi/asm/stat.h).</summary>
    private string? FileStatus(ulong address)
    {
        Span<byte> bytes = stackalloc byte[56];
        if (!memory.TryReadExactly(new Address(address), bytes))
            return null;
        uint mode = BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]);
        long size = BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]);
        string type = (mode >> 12) switch { 1 => "fifo", 2 => "char", 4 => "dir", 6 => "block", 8 => "file", 10 => "link", 12 => "socket", _ => "?" };
        return string.Create(CultureInfo.InvariantCulture, $"{{{type} {Octal(mode & 0xfff)}, {size} bytes}}");
    }

    private static string Wait(int status) => (status & 0x7f) == 0
        ? string.Create(CultureInfo.InvariantCulture, $"exited {(status >> 8) & 0xff}")
        : (status & 0xff) == 0x7f
            ? "stopped by " + FlagSet.Find("sig")!.Show((ulong)((status >> 8) & 0xff))
            : "killed by " + FlagSet.Find("sig")!.Show((ulong)(status & 0x7f));

    private static string PointerText(ulong address) => address == 0 ? "NULL" : "0x" + address.ToString("x", CultureInfo.InvariantCulture);

    private static string Octal(uint mode) => mode == 0 ? "0" : "0" + Convert.ToString((long)mode, 8);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}

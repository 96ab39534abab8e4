using System.Text;

namespace Kaa.Control.Tracing.Decoding;

/// <summary>What an argument of a call is, and so how it is shown.</summary>
public enum ArgumentKind
{
    Hex,
    Pointer,
    Int,
    UInt,
    Long,
    Size,

    /// <summary>A uid or gid; −1 says "leave it".</summary>
    Id,

    /// <summary>Permissions, in octal.</summary>
    Mode,

    /// <summary>Permissions that count only where the flags in front of them create a file.</summary>
    CreateMode,
    Flags,

    /// <summary>A NUL-terminated file name; null pointers are shown.</summary>
    Path,
    Text,

    /// <summary>An array of texts that ends with a null pointer.</summary>
    TextArray,
    Descriptor,

    /// <summary>A descriptor of a directory, or AT_FDCWD.</summary>
    DirectoryDescriptor,

    /// <summary>Bytes that the call takes; as many as the argument <see cref="Parameter.Other"/> says.</summary>
    BytesIn,

    /// <summary>Bytes that the call gives; as many as its result says.</summary>
    BytesOut,

    /// <summary>A NUL-terminated text that the call gives.</summary>
    TextOut,
    VectorIn,
    VectorOut,

    /// <summary>Two descriptors that the call gives.</summary>
    DescriptorsOut,
    FileStatusOut,
    WaitStatusOut,

    /// <summary>A struct sockaddr; its length is the argument <see cref="Parameter.Other"/>.</summary>
    SocketAddressIn,

    /// <summary>The same, given by the call; its length lies where the argument <see cref="Parameter.Other"/> points.</summary>
    SocketAddressOut,
    PollArray,
    TimeSpec,
    TimeValue,
    OpenHow,
}

/// <param name="Name">As the manual has it.</param>
/// <param name="Other">Index of the argument that this one's length depends on; −1 for none.</param>
/// <param name="Flags">Names of the values; null where they have none.</param>
public sealed record Parameter(string Name, ArgumentKind Kind, int Other = -1, FlagSet? Flags = null)
{
    /// <summary>True for what is known only when the call has returned.</summary>
    public bool IsOut => Kind is ArgumentKind.BytesOut or ArgumentKind.TextOut or ArgumentKind.VectorOut or ArgumentKind.DescriptorsOut or ArgumentKind.FileStatusOut
        or ArgumentKind.WaitStatusOut or ArgumentKind.SocketAddressOut;
}

/// <summary>A call's name and arguments.</summary>
public sealed record Signature(string Name, IReadOnlyList<Parameter> Parameters)
{
    private static readonly string[] s_registers = ["arg0", "arg1", "arg2", "arg3", "arg4", "arg5"];

    /// <summary>For a call of which nothing is known: its registers.</summary>
    public static Signature Unknown(string name)
    {
        var parameters = new Parameter[s_registers.Length];
        for (int i = 0; i < parameters.Length; i++)
            parameters[i] = new Parameter(s_registers[i], ArgumentKind.Hex);
        return new Signature(name, parameters);
    }

    public bool Takes(Func<ArgumentKind, bool> isWanted)
    {
        foreach (Parameter parameter in Parameters)
        {
            if (isWanted(parameter.Kind))
                return true;
        }

        return false;
    }

    /// <summary>The call of that name in one of the tables; null where it has no line.</summary>
    public static Signature? Find(ReadOnlySpan<byte> table, string name)
    {
        Span<byte> wanted = stackalloc byte[64];
        if (name.Length > wanted.Length || !Encoding.ASCII.TryGetBytes(name, wanted, out int length))
            return null;
        foreach (Range range in table.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = table[range];
            if (line.StartsWith(wanted[..length]) && (line.Length == length || line[length] == ' '))
                return Parse(Encoding.ASCII.GetString(line));
        }

        return null;
    }

    internal static Signature Parse(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var parameters = new Parameter[words.Length - 1];
        for (int i = 0; i < parameters.Length; i++)
        {
            string[] parts = words[i + 1].Split(':');
            parameters[i] = ParseParameter(parts[0], parts[1]);
        }

        return new Signature(words[0], parameters);
    }

    private static Parameter ParseParameter(string name, string kind)
    {
        int other = kind.Length > 1 && char.IsAsciiDigit(kind[^1]) ? kind[^1] - '0' : -1;
        string word = other < 0 ? kind : kind[..^1];
        ArgumentKind? known = word switch
        {
            "hex" => ArgumentKind.Hex,
            "ptr" => ArgumentKind.Pointer,
            "int" => ArgumentKind.Int,
            "uint" => ArgumentKind.UInt,
            "long" => ArgumentKind.Long,
            "size" => ArgumentKind.Size,
            "id" => ArgumentKind.Id,
            "mode" => ArgumentKind.Mode,
            "creat" => ArgumentKind.CreateMode,
            "path" => ArgumentKind.Path,
            "str" => ArgumentKind.Text,
            "argv" => ArgumentKind.TextArray,
            "fd" => ArgumentKind.Descriptor,
            "dirfd" => ArgumentKind.DirectoryDescriptor,
            "bufin" => ArgumentKind.BytesIn,
            "bufout" => ArgumentKind.BytesOut,
            "strout" => ArgumentKind.TextOut,
            "iovin" => ArgumentKind.VectorIn,
            "iovout" => ArgumentKind.VectorOut,
            "fdsout" => ArgumentKind.DescriptorsOut,
            "statout" => ArgumentKind.FileStatusOut,
            "waitout" => ArgumentKind.WaitStatusOut,
            "sockaddr" => ArgumentKind.SocketAddressIn,
            "sockout" => ArgumentKind.SocketAddressOut,
            "pollfds" => ArgumentKind.PollArray,
            "timespec" => ArgumentKind.TimeSpec,
            "timeval" => ArgumentKind.TimeValue,
            "openhow" => ArgumentKind.OpenHow,
            _ => null,
        };
        return known is { } plain
            ? new Parameter(name, plain, other)
            : new Parameter(name, ArgumentKind.Flags, -1, FlagSet.Find(word) ?? throw new InvalidOperationException("no kind of argument: " + kind));
    }
}

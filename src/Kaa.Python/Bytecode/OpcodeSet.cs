namespace Kaa.Python.Bytecode;

/// <summary>One instruction as it stands in a code object. Offsets are in bytes.</summary>
/// <param name="Start">Of the instruction itself, behind any EXTENDED_ARG.</param>
/// <param name="Next">Of the instruction behind it and its inline cache.</param>
internal readonly record struct Instruction(Op Op, int Argument, int Start, int Next);

/// <summary>How one minor version writes its instructions.</summary>
internal sealed class OpcodeSet
{
    /// <summary><c>HAVE_ARGUMENT</c> of 2.7: instructions from here on have two bytes of argument, the others none.</summary>
    private const int FirstWithArgument = 90;
    private const int MostPrefixes = 3;

    /// <summary>Far beyond any argument that a compiler writes, so that sums of a few can't overflow.</summary>
    private const int LargestArgument = 1 << 26;

    private readonly byte[] _caches = new byte[256];

    private OpcodeSet(int release) => Release = release;

    /// <summary>Major × 100 + minor: 207, 311.</summary>
    public int Release { get; }

    /// <summary>Code units of 2 bytes (3.6+); before, 1 or 3 bytes.</summary>
    public bool HasUnits => Release >= 306;

    /// <summary>Null for a version whose numbers are not known.</summary>
    public static OpcodeSet? For(PythonVersion version)
    {
        int release = (version.Major * 100) + version.Minor;
        if (Known(release).IsEmpty)
            return null;
        var set = new OpcodeSet(release);
        ReadOnlySpan<byte> caches = Caches(release);
        for (int i = 0; i + 1 < caches.Length; i += 2)
            set._caches[caches[i]] = caches[i + 1];
        return set;
    }

    public Op Decode(byte number)
    {
        ReadOnlySpan<Op> known = Known(Release);
        return number < known.Length ? known[number] : Op.Unknown;
    }

    /// <summary>Code units of inline cache behind an instruction.</summary>
    public int CacheOf(Op op) => _caches[(byte)op];

    /// <summary>The instruction at an offset, EXTENDED_ARG in front of it taken in.</summary>
    /// <returns>False where none stands there.</returns>
    public bool TryRead(ReadOnlySpan<byte> code, int offset, out Instruction instruction)
    {
        instruction = default;
        int argument = 0;
        for (int prefixes = 0; prefixes <= MostPrefixes; prefixes++)
        {
            if (offset < 0 || offset >= code.Length)
                return false;
            Op op = Decode(code[offset]);
            int size = Size(code[offset]);
            if (offset + size > code.Length)
                return false;
            argument = size switch
            {
                1 => 0,
                2 => unchecked((argument << 8) | code[offset + 1]),
                _ => unchecked((argument << 16) | code[offset + 1] | (code[offset + 2] << 8)),
            };
            if (op != Op.EXTENDED_ARG)
            {
                instruction = new Instruction(op, argument, offset, offset + size + (CacheOf(op) * 2));
                return op != Op.Unknown && argument is >= 0 and <= LargestArgument;
            }

            offset += size;
        }

        return false;
    }

    /// <summary>Where an instruction jumps to, if it jumps.</summary>
    public int? Target(in Instruction instruction) => Jumps.Of(instruction.Op, Release) switch
    {
        JumpKind.None => null,
        JumpKind.Absolute => (int)Math.Min((long)instruction.Argument * Scale, int.MaxValue),
        JumpKind.Backward => (int)Math.Max(instruction.Next - (instruction.Argument * 2L), -1),
        _ => (int)Math.Min(instruction.Next + ((long)instruction.Argument * Scale), int.MaxValue),
    };

    /// <summary>Jumps count code units since 3.10 (bpo-27129), bytes before.</summary>
    private int Scale => Release >= 310 ? 2 : 1;

    private int Size(byte number) => HasUnits ? 2 : number >= FirstWithArgument ? 3 : 1;

    private static ReadOnlySpan<Op> Known(int release) => release switch
    {
        207 => OpcodeNumbers.V27,
        306 => OpcodeNumbers.V36,
        307 => OpcodeNumbers.V37,
        308 => OpcodeNumbers.V38,
        309 => OpcodeNumbers.V39,
        310 => OpcodeNumbers.V310,
        311 => OpcodeNumbers.V311,
        312 => OpcodeNumbers.V312,
        313 => OpcodeNumbers.V313,
        314 => OpcodeNumbers.V314,
        315 => OpcodeNumbers.V315,
        _ => [],
    };

    private static ReadOnlySpan<byte> Caches(int release) => release switch
    {
        311 => OpcodeNumbers.Caches311,
        312 => OpcodeNumbers.Caches312,
        313 => OpcodeNumbers.Caches313,
        314 => OpcodeNumbers.Caches314,
        315 => OpcodeNumbers.Caches315,
        _ => [],
    };
}

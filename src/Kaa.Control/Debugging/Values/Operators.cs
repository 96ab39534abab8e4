using Kaa.Formats;
using Kaa.Python.Inspection;
using Kaa.Results;

namespace Kaa.Control.Debugging.Values;

/// <summary>What the signs of C do with values.</summary>
internal sealed class Operators(IValueScope scope)
{
    public static DataValue Literal(ulong number, string word)
    {
        bool isUnsigned = word.Contains('u', StringComparison.OrdinalIgnoreCase) || number > long.MaxValue;
        bool isLong = number > int.MaxValue || (word.EndsWith('l') || word.EndsWith('L'));
        bool fitsUnsigned = word.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && number is > int.MaxValue and <= uint.MaxValue;
        return new DataValue(fitsUnsigned ? DataType.Integer(4, false) : isLong ? DataType.Integer(8, !isUnsigned) : DataType.Integer(4, !isUnsigned), number);
    }

    public static DataValue Unary(string sign, DataValue value)
    {
        if (value.Type.Kind == DataKind.Float && sign is "-" or "+")
            return Real(sign == "-" ? -Double(value) : Double(value));
        long number = NumberOf(value);
        return sign switch
        {
            "-" => Result(value, value, unchecked(-number)),
            "~" => Result(value, value, ~number),
            "!" => DataValue.Integer(number == 0 ? 1 : 0),
            _ => Result(value, value, number),
        };
    }

    public static DataValue Binary(string sign, DataValue left, DataValue right)
    {
        if (sign == "@")
            return Row(left, right);
        if (left.Type.Kind == DataKind.Float || right.Type.Kind == DataKind.Float)
            return OfDoubles(sign, Double(left), Double(right));
        if (sign is "+" or "-" && (left.Type.Kind == DataKind.Pointer || right.Type.Kind == DataKind.Pointer || left.Type.Kind == DataKind.Array))
            return OfPointers(sign, left, right);
        long a = NumberOf(left);
        long b = NumberOf(right);
        return sign switch
        {
            "||" => Truth(a != 0 || b != 0),
            "&&" => Truth(a != 0 && b != 0),
            "==" => Truth(a == b),
            "!=" => Truth(a != b),
            "<" or ">" or "<=" or ">=" => Truth(Holds(sign, Compare(left, right, a, b))),
            "+" => Result(left, right, unchecked(a + b)),
            "-" => Result(left, right, unchecked(a - b)),
            "*" => Result(left, right, unchecked(a * b)),
            "/" or "%" when b == 0 => throw ExpressionWords.Error("Division by zero"),
            "/" => Result(left, right, IsUnsigned(left, right) ? unchecked((long)((ulong)a / (ulong)b)) : b == -1 ? unchecked(-a) : a / b),
            "%" => Result(left, right, IsUnsigned(left, right) ? unchecked((long)((ulong)a % (ulong)b)) : b == -1 ? 0 : a % b),
            "|" => Result(left, right, a | b),
            "^" => Result(left, right, a ^ b),
            "&" => Result(left, right, a & b),
            "<<" => Result(left, left, b is >= 0 and < 64 ? a << (int)b : 0),
            _ => Result(left, left, b is >= 0 and < 64 ? left.Type.Signed ? a >> (int)b : unchecked((long)((ulong)a >> (int)b)) : 0),
        };
    }

    public DataValue Dereference(DataValue pointer)
    {
        if (pointer.Type.Kind == DataKind.Unknown && pointer.Symbol is not null)
            return pointer;
        if (pointer.Type.IsNumber)
            return At(DataType.Long, pointer.Address);
        if (pointer.Type.Kind == DataKind.Array)
            return At(pointer.Type.Of!, pointer.Place ?? Address.Null);
        if (pointer.Type is not { Kind: DataKind.Pointer, Of: { } to })
            throw ExpressionWords.Error("Attempt to take contents of a non-pointer value.");
        if (to.Kind == DataKind.Void)
            throw ExpressionWords.Error("Attempt to take contents of a non-pointer value.", "a cast says what lies there: *(long*) …, *(PyObject*) …");
        return At(to, pointer.Address);
    }

    /// <summary>What lies at an address, as a type.</summary>
    public DataValue At(DataType type, Address place)
    {
        if (type.Size == 0 || type.Kind is DataKind.Struct or DataKind.Unknown or DataKind.Array)
            return new DataValue(type, 0, place);
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        if (!scope.Memory.TryReadExactly(place, bytes[..type.Size]))
            throw ExpressionWords.Error($"Cannot access memory at address {place}");
        ulong bits = BitConverter.ToUInt64(bytes);
        if (type is { Kind: DataKind.Float, Size: 4 })
            bits = BitConverter.DoubleToUInt64Bits(BitConverter.UInt32BitsToSingle((uint)bits));
        return new DataValue(type, bits, place);
    }

    public static DataValue AddressOf(DataValue value)
    {
        if (value.Place is { } place)
            return new DataValue(value.Type.Pointer(), place.Value) { Symbol = value.Symbol };
        throw ExpressionWords.Error(value.Register is not null ? "Attempt to take address of value not located in memory." : "Attempt to take address of value not located in memory.");
    }

    public DataValue Cast(DataType type, DataValue value)
    {
        if (type.Kind is DataKind.Struct)
            return value.Place is { } place ? At(type, place) : throw ExpressionWords.Error("Invalid cast.", $"a pointer can be cast: *({type.Name} *) ADDRESS");

        // A symbol of unknown type is what lies there, as gdb has it.
        if (value.Type.Kind == DataKind.Unknown && value.Place is { } at)
            return value.Type == DataType.Code ? new DataValue(type, at.Value) { Symbol = value.Symbol } : At(type, at);
        if (type.Kind == DataKind.Float)
            return new DataValue(type, BitConverter.DoubleToUInt64Bits(Double(value)));
        if (value.Type.Kind == DataKind.Float)
            return new DataValue(type, unchecked((ulong)(long)Double(value)));
        ulong number = unchecked((ulong)NumberOf(value));
        return new DataValue(type, type.Size is 0 or 8 ? number : number & ((1ul << (type.Size * 8)) - 1)) { Text = value.Text };
    }

    public DataValue Field(DataValue owner, string name)
    {
        DataValue whole = owner.Type is { Kind: DataKind.Pointer, Of.Kind: DataKind.Struct } ? Dereference(owner) : owner;
        if (whole.Type.Struct is not { } known || whole.Place is not { } place)
            throw ExpressionWords.Error("Attempt to extract a component of a value that is not a structure.");
        foreach (StructField field in known.Fields)
        {
            if (field.Name == name)
                return At(TypeOf(field), place + field.Offset);
        }

        string fields = string.Join(", ", known.Fields.Select(field => field.Name));
        throw ExpressionWords.Error($"There is no member named {name}.", $"of {known.Name} Kaa knows {fields}");
    }

    public DataType TypeOf(StructField field) => field.Kind switch
    {
        StructFieldKind.Text => DataType.Char.Pointer(),
        StructFieldKind.Pointer => new TypeWords(scope).Named(field.PointsTo!).Pointer(),
        _ => DataType.Integer(field.Size, field.Kind == StructFieldKind.Signed),
    };

    /// <summary>The number that a value is, pointers by their addresses.</summary>
    public static long NumberOf(DataValue value) => value.Type.Kind switch
    {
        DataKind.Void => throw ExpressionWords.Error("Invalid type combination in ordinary expression: the value is void."),
        DataKind.Struct => throw ExpressionWords.Error("Argument to arithmetic operation not a number or boolean."),
        DataKind.Array => unchecked((long)(value.Place?.Value ?? 0)),
        DataKind.Unknown when value.Type == DataType.Code => unchecked((long)value.Place!.Value.Value),
        DataKind.Unknown => throw ExpressionWords.Error($"'{value.Symbol}' has unknown type; cast it to its declared type", $"(int) {value.Symbol}, (long) {value.Symbol}, &{value.Symbol}"),
        _ => value.Number,
    };

    /// <summary>The bits by which a value is kept in a place of a type.</summary>
    public static ulong BitsAs(DataType type, DataValue value) => type switch
    {
        { Kind: DataKind.Float, Size: 4 } => BitConverter.SingleToUInt32Bits((float)Double(value)),
        { Kind: DataKind.Float } => BitConverter.DoubleToUInt64Bits(Double(value)),
        _ => value.Type.Kind == DataKind.Float ? unchecked((ulong)(long)Double(value)) : unchecked((ulong)NumberOf(value)),
    };

    /// <summary>Where a value points, for what takes an address.</summary>
    public static Address AsAddress(DataValue value) => value.Type.Kind == DataKind.Unknown && value.Place is { } place
        ? place
        : value.Type.Kind is DataKind.Struct or DataKind.Array && value.Place is { } start ? start : new Address(unchecked((ulong)NumberOf(value)));

    public static double Double(DataValue value) => value.Type.Kind == DataKind.Float ? BitConverter.UInt64BitsToDouble(value.Bits) : NumberOf(value);

    private static DataValue Real(double value) => new(new DataType("double", DataKind.Float, 8), BitConverter.DoubleToUInt64Bits(value));

    private static DataValue OfDoubles(string sign, double a, double b) => sign switch
    {
        "+" => Real(a + b),
        "-" => Real(a - b),
        "*" => Real(a * b),
        "/" => Real(a / b),
        "==" => Truth(a == b),
        "!=" => Truth(a != b),
        "<" or ">" or "<=" or ">=" => Truth(Holds(sign, a.CompareTo(b))),
        _ => throw ExpressionWords.Error("Argument to arithmetic operation not a number or boolean."),
    };

    private static DataValue OfPointers(string sign, DataValue left, DataValue right)
    {
        left = Decayed(left);
        right = Decayed(right);
        if (left.Type.Kind == DataKind.Pointer && right.Type.Kind == DataKind.Pointer)
        {
            return sign == "-"
                ? new DataValue(DataType.Long, unchecked((ulong)((left.Number - right.Number) / left.Type.Step)))
                : throw ExpressionWords.Error("Argument to arithmetic operation not a number or boolean.");
        }

        (DataValue pointer, DataValue count) = left.Type.Kind == DataKind.Pointer ? (left, right) : (right, left);
        if (pointer.Type.Of is { Kind: DataKind.Struct })
            throw ExpressionWords.Error($"The size of {pointer.Type.Of.Name} is not known.", "cast to char* or to a pointer to pointers first");
        long step = unchecked(pointer.Type.Step * NumberOf(count));
        return pointer with { Bits = unchecked((ulong)(pointer.Number + (sign == "-" ? -step : step))), Place = null, Register = null, Symbol = null };
    }

    private static DataValue Decayed(DataValue value) =>
        value is { Type: { Kind: DataKind.Array, Of: { } of }, Place: { } place } ? DataValue.Pointer(of, place) : value;

    /// <summary>gdb's <c>*p@4</c>.</summary>
    private static DataValue Row(DataValue first, DataValue count)
    {
        if (first.Place is not { } place)
            throw ExpressionWords.Error("Only values in memory can be extended with '@'.");
        long number = NumberOf(count);
        if (number is < 1 or > Limits.PrintedItems || first.Type.Size == 0)
            throw ExpressionWords.Error("Invalid number " + number + " of repetitions.");
        return new DataValue(
            new DataType($"{first.Type.Name} [{number}]", DataKind.Array, (int)number * first.Type.Size, Of: first.Type) { Count = (int)number }, 0, place);
    }

    private static DataValue Truth(bool holds) => DataValue.Integer(holds ? 1 : 0);

    private static bool IsUnsigned(DataValue left, DataValue right) => !left.Type.Signed && left.Type.Size >= 4 || !right.Type.Signed && right.Type.Size >= 4;

    private static int Compare(DataValue left, DataValue right, long a, long b) =>
        IsUnsigned(left, right) ? unchecked((ulong)a).CompareTo(unchecked((ulong)b)) : a.CompareTo(b);

    private static bool Holds(string sign, int order) => sign switch
    {
        "<" => order < 0,
        ">" => order > 0,
        "<=" => order <= 0,
        _ => order >= 0,
    };

    /// <summary>Of C's usual type for both.</summary>
    private static DataValue Result(DataValue left, DataValue right, long number)
    {
        int size = Math.Max(4, Math.Max(left.Type.Size, right.Type.Size));
        bool signed = !(left.Type.Size == size && !left.Type.Signed || right.Type.Size == size && !right.Type.Signed);
        DataType type = DataType.Integer(size, signed);
        return new DataValue(type, size == 8 ? unchecked((ulong)number) : unchecked((uint)number));
    }
}

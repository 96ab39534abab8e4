using System.Globalization;
using System.Text;
using Kaa.Formats;
using Kaa.Python.Inspection;
using Kaa.Python.Objects.Printing;
using Kaa.Target.Arch;

namespace Kaa.Control.Debugging.Values;

/// <summary>Values as <c>print</c> shows them.</summary>
public sealed class ValueText(DebugSession session, IValueScope scope)
{
    private const int StructDepth = 3;

    /// <summary>With the type of pointers in front, as a value that stands alone.</summary>
    public string Of(DataValue value, DisplayFormat format)
    {
        if (format.Letter is { } letter and not ('s' or 'r'))
            return Formatted(value, letter);
        string plain = Plain(value, 0, format.Letter == 'r');
        return value.Type.Kind == DataKind.Pointer && value.Text is null && !value.Type.IsText && !(value.Type.IsObject && format.Letter != 'r' && plain.Length > 0 && plain[0] != '0')
            ? $"({value.Type.Name}) {plain}"
            : plain;
    }

    /// <summary>Formatted as a letter says; arrays and structs item by item.</summary>
    private string Formatted(DataValue value, char letter)
    {
        if (value.Type.Kind == DataKind.Array)
            return Items(value, item => Formatted(item, letter));
        if (value.Type.Kind == DataKind.Struct)
            return Fields(value, 0, field => Formatted(field, letter));
        if (value.Type.Kind == DataKind.Void)
            return "void";
        if (letter == 'f' && value.Type.Kind != DataKind.Float)
            return value.Type.Size == 8 ? Real(value.Bits) : Plain(value, 0, true);
        ulong bits = value.Type.Kind == DataKind.Float ? unchecked((ulong)(long)Operators.Double(value)) : unchecked((ulong)Operators.NumberOf(value));
        if (value.Type.Kind == DataKind.Float && letter == 'f')
            return Real(value.Bits);
        int size = value.Type.Size is > 0 and <= 8 ? value.Type.Size : 8;
        return letter switch
        {
            'a' => AddressText(new Address(bits)),
            'c' => NumberText.Of(bits, 1, 'c'),
            'i' => throw ExpressionWords.Error("Format letter \"i\" is meaningless in \"print\" command."),
            _ => NumberText.Of(bits, size, letter),
        };
    }

    /// <summary><c>0x7f… &lt;read+13&gt;</c>.</summary>
    public string AddressText(Address address) =>
        session.Inferior?.NameOf(address) is { } name ? $"{address} <{SessionText.Data(name)}>" : address.ToString();

    private string Plain(DataValue value, int depth, bool raw)
    {
        if (value.Text is { } typed)
            return NumberText.Quoted(Encoding.UTF8.GetBytes(typed));
        switch (value.Type.Kind)
        {
            case DataKind.Void:
                return "void";
            case DataKind.Character:
                return NumberText.Of(value.Bits, 1, 'c');
            case DataKind.Flags:
                return X64RegisterFile.Flags(value.Bits);
            case DataKind.Float:
                return Real(value.Bits);
            case DataKind.Integer when value.Type.Name == "bool":
                return value.Bits == 0 ? "false" : "true";
            case DataKind.Integer:
                return value.Type.Signed || value.Type.Size < 8 ? value.Number.ToString(CultureInfo.InvariantCulture) : value.Bits.ToString(CultureInfo.InvariantCulture);
            case DataKind.Pointer:
                return PointerText(value, raw);
            case DataKind.Array:
                return Items(value, item => Plain(item, depth + 1, raw));
            case DataKind.Struct:
                return depth >= StructDepth ? "{...}" : Fields(value, depth, field => Plain(field, depth + 1, true));
            default:
                return Unknown(value);
        }
    }

    private string PointerText(DataValue value, bool raw)
    {
        if (value.Type.IsText)
            return value.Bits == 0 ? "0x0" : $"{value.Address} {TextAt(value.Address, session.Settings.PrintElements)}";
        if (!raw && value.Type.IsObject && value.Bits != 0 && Object(value.Address) is { } text)
            return text;
        return AddressText(value.Address);
    }

    /// <summary>The C string at an address, in quotes; <c>&lt;error: …&gt;</c> where there is none.</summary>
    /// <param name="most">0 for no limit.</param>
    public string TextAt(Address address, int most)
    {
        int limit = most == 0 ? Limits.PrintedText : Math.Min(most, Limits.PrintedText);
        try
        {
            byte[] bytes = scope.Memory.ReadCStringBytes(address, limit + 1);
            return bytes.Length > limit ? NumberText.Quoted(bytes.AsSpan(0, limit)) + "..." : NumberText.Quoted(bytes);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return $"<error: Cannot access memory at address {address}>";
        }
    }

    private string? Object(Address address)
    {
        if (session.Stack.Moment is not { } moment)
            return null;
        PrintedValue printed = moment.Print(address, session.PythonValues());
        return printed.Text is { } text ? SessionText.Data(text) : null;
    }

    private string Items(DataValue row, Func<DataValue, string> print)
    {
        var operators = new Operators(scope);
        var items = new List<string>(row.Type.Count);
        int most = session.Settings.PrintElements;
        for (int i = 0; i < row.Type.Count && (most == 0 || i < most); i++)
            items.Add(print(operators.At(row.Type.Of!, row.Place!.Value + (i * row.Type.Of!.Size))));
        return "{" + string.Join(", ", items) + (items.Count < row.Type.Count ? "..." : "") + "}";
    }

    private string Fields(DataValue whole, int depth, Func<DataValue, string> print)
    {
        var operators = new Operators(scope);
        var text = new StringBuilder("{");
        foreach (StructField field in whole.Type.Struct!.Fields)
        {
            if (text.Length > 1)
                text.Append(", ");
            text.Append(field.Name).Append(" = ").Append(print(operators.At(operators.TypeOf(field), whole.Place!.Value + field.Offset)));
        }

        return text.Append('}').ToString();
    }

    private string Unknown(DataValue value) => value.Type == DataType.Code
        ? $"{{<text variable, no debug info>}} {AddressText(value.Place!.Value)}"
        : throw ExpressionWords.Error($"'{value.Symbol}' has unknown type; cast it to its declared type", $"(int) {value.Symbol}, (long) {value.Symbol}, &{value.Symbol}");

    private static string Real(ulong bits) => BitConverter.UInt64BitsToDouble(bits).ToString("R", CultureInfo.InvariantCulture);
}

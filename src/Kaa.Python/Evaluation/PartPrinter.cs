using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Python.Objects.Printing;

namespace Kaa.Python.Evaluation;

/// <summary>Prints slices, which are no objects of the target.</summary>
internal sealed class PartPrinter(PyObjects objects, ValueOptions options)
{
    public PrintedValue Print(PyValue value)
    {
        string type = TypeOf(value);
        try
        {
            var repr = new Repr(objects, options, new ReprTable(objects));
            Write(repr, value);
            return new PrintedValue(type, repr.Out.ToString(), repr.Out.Full ? repr.WholeLength : null, null);
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            return new PrintedValue(type, null, null, fault.Message);
        }
    }

    private static string TypeOf(PyValue value) => value switch
    {
        ItemsValue { IsTuple: true } => "tuple",
        ItemsValue => "list",
        TextValue { Form: TextForm.Bytes } => "bytes",
        TextValue { Form: TextForm.ByteArray } => "bytearray",
        TextValue { Form: TextForm.Unicode2 } => "unicode",
        _ => "str",
    };

    private static void Write(Repr repr, PyValue value)
    {
        if (value is ItemsValue items)
        {
            repr.Out.Write(items.IsTuple ? '(' : '[');
            int count = repr.Items(items.Items);
            repr.Out.Write(items.IsTuple ? count == 1 ? ",)" : ")" : "]");
        }
        else if (value is TextValue text)
        {
            string prefix = text.Form switch
            {
                TextForm.Unicode2 => "u",
                TextForm.Bytes => "b",
                TextForm.ByteArray => "bytearray(b",
                _ => "",
            };
            repr.Out.Write(prefix);
            bool isStr = text.Form == TextForm.Str;
            TextReprs.Quoted(repr, text.Text, isStr ? new CharacterStyle(repr.Objects.Layout.Version) : CharacterStyle.AsciiOnly, prefix.Length);
            repr.Out.Write(text.Form == TextForm.ByteArray ? ")" : "");
        }
    }
}

using System.Globalization;
using System.Text;

namespace Kaa.Formats.Demangling;

/// <summary>Values of const generics.</summary>
internal sealed partial class RustV0
{
    private void Constant(bool inValue)
    {
        EnterPart();
        int start = Place;
        char tag = Next();
        switch (tag)
        {
            case 'p':
                Add("_");
                break;
            case 'B':
                Backref(start, () => Constant(inValue));
                break;
            case 'h' or 't' or 'm' or 'y' or 'o' or 'j':
                Number();
                break;
            case 'a' or 's' or 'l' or 'x' or 'n' or 'i':
                Add(Take('n') ? "-" : "");
                Number();
                break;
            case 'b':
                Add(Hex() switch { "0" => "false", "1" => "true", _ => throw new UndemangledException() });
                break;
            case 'c':
                CharacterConstant();
                break;
            default:
                CompoundConstant(tag, inValue);
                break;
        }

        Leave();
    }

    private void CompoundConstant(char tag, bool inValue)
    {
        // Elsewhere than in an array's length these are blocks.
        if (!inValue)
            Add("{");
        switch (tag)
        {
            case 'e':
                Add("*");
                Text();
                break;
            case 'R' when Take('e'):
                Text();
                break;
            case 'R' or 'Q':
                Add(tag == 'R' ? "&" : "&mut ");
                Constant(true);
                break;
            case 'A':
                Add("[");
                List(() => Constant(true));
                Add("]");
                break;
            case 'T':
                Add("(");
                if (List(() => Constant(true)) == 1)
                    Add(",");
                Add(")");
                break;
            case 'V':
                Variant();
                break;
            default:
                throw new UndemangledException();
        }

        if (!inValue)
            Add("}");
    }

    private void Variant()
    {
        Path(true);
        switch (Next())
        {
            case 'U':
                break;
            case 'T':
                Add("(");
                List(() => Constant(true));
                Add(")");
                break;
            case 'S':
                Add(" { ");
                List(() =>
                {
                    Add(ReadIdentifier().Text + ": ");
                    Constant(true);
                });
                Add(" }");
                break;
            default:
                throw new UndemangledException();
        }
    }

    private string Hex()
    {
        string digits = TakeWhile(char.IsAsciiHexDigitLower);
        Expect('_');
        return digits.TrimStart('0') is { Length: > 0 } trimmed ? trimmed : "0";
    }

    private void Number()
    {
        string digits = Hex();
        bool fits = ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value);
        Add(fits ? value.ToString(CultureInfo.InvariantCulture) : "0x" + digits);
    }

    private void CharacterConstant()
    {
        if (!int.TryParse(Hex(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) || !Rune.IsValid(value))
            throw new UndemangledException();
        Add("'" + Escaped(new Rune(value), '\'') + "'");
    }

    // Bytes of UTF-8, two digits each.
    private void Text()
    {
        string bytes = TakeWhile(char.IsAsciiHexDigitLower);
        if (bytes.Length % 2 != 0)
            throw new UndemangledException();
        Expect('_');
        Add("\"");
        foreach (Rune rune in Encoding.UTF8.GetString(Convert.FromHexString(bytes)).EnumerateRunes())
            Add(Escaped(rune, '"'));
        Add("\"");
    }

    private static string Escaped(Rune rune, char quote) => rune.Value switch
    {
        '\t' => "\\t",
        '\r' => "\\r",
        '\n' => "\\n",
        '\\' => "\\\\",
        _ when rune.Value == quote => "\\" + quote,
        < 0x20 or 0x7f => "\\u{" + rune.Value.ToString("x", CultureInfo.InvariantCulture) + "}",
        _ => rune.ToString(),
    };
}

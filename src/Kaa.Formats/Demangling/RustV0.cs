using System.Globalization;
using System.Text;

namespace Kaa.Formats.Demangling;

/// <summary>Rust's second scheme (RFC 2603; rustc book, "v0 Symbol Format"). Crates are written without their hashes.</summary>
internal sealed partial class RustV0 : MangledReader
{
    private readonly StringBuilder _text = new();
    private int _lifetimes;
    private bool _quiet;

    private RustV0(string symbol)
        : base(symbol) => Place = 2;

    /// <summary>Null where the symbol is of another scheme.</summary>
    /// <exception cref="UndemangledException">It breaks the grammar.</exception>
    public static string? TryDemangle(string symbol)
    {
        if (!symbol.StartsWith("_R", StringComparison.Ordinal) || symbol.Length < 4 || !char.IsAsciiLetterUpper(symbol[2]))
            return null;
        var demangler = new RustV0(symbol);
        demangler.Path(inValue: true);

        // The crate that it was instantiated for.
        if (demangler.Peek is not ('\0' or '.' or '$'))
        {
            demangler._quiet = true;
            demangler.Path(inValue: false);
            demangler._quiet = false;
        }

        if (demangler.Peek is not ('\0' or '.' or '$'))
            throw new UndemangledException();
        demangler.Add(RustLegacy.Suffix(symbol.AsSpan(demangler.Place)));
        return demangler._text.ToString();
    }

    private readonly record struct Identifier(string Text, ulong Disambiguator);

    private void Add(ReadOnlySpan<char> text)
    {
        if (_quiet)
            return;
        if (_text.Length + text.Length > Limits.DemangledName)
            throw new UndemangledException();
        _text.Append(text);
    }

    private void EnterPart()
    {
        Enter();
        CountPart();
    }

    // "_" is 0; digits before it one more than their number.
    private ulong Base62()
    {
        if (Take('_'))
            return 0;
        ulong value = 0;
        for (char digit = Next(); digit != '_'; digit = Next())
        {
            int part = char.IsAsciiDigit(digit) ? digit - '0'
                : char.IsAsciiLetterLower(digit) ? digit - 'a' + 10
                : char.IsAsciiLetterUpper(digit) ? digit - 'A' + 36
                : throw new UndemangledException();
            value = unchecked((value * 62) + (ulong)part);
        }

        return unchecked(value + 1);
    }

    private ulong OptionalBase62(char tag) => Take(tag) ? unchecked(Base62() + 1) : 0;

    private Identifier ReadIdentifier()
    {
        ulong disambiguator = OptionalBase62('s');
        bool isPunycode = Take('u');
        int length = 0;
        if (!char.IsAsciiDigit(Peek))
            throw new UndemangledException();
        if (!Take('0'))
        {
            for (; char.IsAsciiDigit(Peek); Place++)
                length = length < Limits.SymbolName ? (length * 10) + (Peek - '0') : throw new UndemangledException();
        }

        Take('_');
        string bytes = Take(length);
        return new Identifier(isPunycode ? Punycode.Decode(bytes) : bytes, disambiguator);
    }

    /// <summary>Reads at an earlier place, which must lie before this one: so it ends.</summary>
    private void Backref(int start, Action read)
    {
        ulong place = Base62();
        if (place + 2 >= (ulong)start)
            throw new UndemangledException();
        if (_quiet)
            return;
        int back = Place;
        Place = (int)place + 2;
        read();
        Place = back;
    }

    private void Path(bool inValue)
    {
        EnterPart();
        int start = Place;
        char tag = Next();
        switch (tag)
        {
            case 'C':
                Add(ReadIdentifier().Text);
                break;
            case 'N':
                NestedPath(inValue);
                break;
            case 'M' or 'X':
                // The impl's own place is not part of its name.
                OptionalBase62('s');
                bool quiet = _quiet;
                _quiet = true;
                Path(false);
                _quiet = quiet;
                Qualified(tag == 'X');
                break;
            case 'Y':
                Qualified(true);
                break;
            case 'I':
                Path(inValue);
                if (inValue)
                    Add("::");
                Add("<");
                List(GenericArgument);
                Add(">");
                break;
            case 'B':
                Backref(start, () => Path(inValue));
                break;
            default:
                throw new UndemangledException();
        }

        Leave();
    }

    private void Qualified(bool asTrait)
    {
        Add("<");
        Type();
        if (asTrait)
        {
            Add(" as ");
            Path(false);
        }

        Add(">");
    }

    private void NestedPath(bool inValue)
    {
        char space = Next();
        if (!char.IsAsciiLetter(space))
            throw new UndemangledException();
        Path(inValue);
        Identifier name = ReadIdentifier();
        if (char.IsAsciiLetterUpper(space))
        {
            string kind = space switch { 'C' => "closure", 'S' => "shim", _ => space.ToString() };
            Add("::{" + kind);
            if (name.Text.Length > 0)
                Add(":" + name.Text);
            Add("#" + name.Disambiguator.ToString(CultureInfo.InvariantCulture) + "}");
        }
        else if (name.Text.Length > 0)
        {
            Add("::" + name.Text);
        }
    }

    private int List(Action item)
    {
        int count = 0;
        for (; !Take('E'); count++)
        {
            if (count > 0)
                Add(", ");
            item();
        }

        return count;
    }
}

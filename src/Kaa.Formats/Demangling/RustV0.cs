using System.Globalization;
using System.Text;

namespace Kaa.Formats.Demangling;

/// <summary>Rust's second scheme (RFC 2603; rustc book, "v0 Symbol Format"). Crates are written without their hashes.</summary>
internal sealed partial class RustV0
{
    private readonly string _symbol;
    private readonly StringBuilder _text = new();
    private int _at;
    private int _depth;
    private int _steps;
    private int _lifetimes;
    private bool _quiet;

    private RustV0(string symbol) => _symbol = symbol;

    /// <summary>Null where the symbol is of another scheme.</summary>
    /// <exception cref="UndemangledException">It breaks the grammar.</exception>
    public static string? TryDemangle(string symbol)
    {
        if (!symbol.StartsWith("_R", StringComparison.Ordinal) || symbol.Length < 4 || !char.IsAsciiLetterUpper(symbol[2]))
            return null;
        var demangler = new RustV0(symbol) { _at = 2 };
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
        demangler.Add(RustLegacy.Suffix(symbol.AsSpan(demangler._at)));
        return demangler._text.ToString();
    }

    private readonly record struct Identifier(string Text, ulong Disambiguator);

    private char Peek => _at < _symbol.Length ? _symbol[_at] : '\0';

    private char Next() => _at < _symbol.Length ? _symbol[_at++] : throw new UndemangledException();

    private bool Take(char letter)
    {
        if (Peek != letter)
            return false;
        _at++;
        return true;
    }

    private void Add(ReadOnlySpan<char> text)
    {
        if (_quiet)
            return;
        if (_text.Length + text.Length > Limits.DemangledName)
            throw new UndemangledException();
        _text.Append(text);
    }

    private void Enter()
    {
        if (++_depth > Limits.DemanglingDepth || ++_steps > Limits.DemangledParts)
            throw new UndemangledException();
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
            for (; char.IsAsciiDigit(Peek); _at++)
                length = length < Limits.SymbolName ? (length * 10) + (Peek - '0') : throw new UndemangledException();
        }

        Take('_');
        if (length > _symbol.Length - _at)
            throw new UndemangledException();
        string bytes = _symbol.Substring(_at, length);
        _at += length;
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
        int back = _at;
        _at = (int)place + 2;
        read();
        _at = back;
    }

    private void Path(bool inValue)
    {
        Enter();
        int start = _at;
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

        _depth--;
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

    private void GenericArgument()
    {
        if (Take('L'))
            Lifetime(Base62());
        else if (Take('K'))
            Constant(false);
        else
            Type();
    }

    private void Lifetime(ulong index)
    {
        if (_quiet)
            return;
        Add("'");
        if (index == 0)
        {
            Add("_");
            return;
        }

        if (index > (ulong)_lifetimes)
            throw new UndemangledException();
        ulong depth = (ulong)_lifetimes - index;
        Add(depth < 26 ? ((char)('a' + (int)depth)).ToString() : "_" + depth.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Names the lifetimes that a type brings with it (<c>for&lt;'a&gt;</c>) while it is read.</summary>
    private void Bound(Action read)
    {
        ulong count = OptionalBase62('G');
        if (count > 1_000)
            throw new UndemangledException();
        int before = _lifetimes;
        if (count > 0)
        {
            Add("for<");
            for (ulong i = 0; i < count; i++)
            {
                if (i > 0)
                    Add(", ");
                _lifetimes++;
                Lifetime(1);
            }

            Add("> ");
        }

        read();
        _lifetimes = before;
    }

    private void Type()
    {
        Enter();
        int start = _at;
        char tag = Next();
        if (Basic(tag) is { } basic)
            Add(basic);
        else
            CompoundType(tag, start);
        _depth--;
    }

    private void CompoundType(char tag, int start)
    {
        switch (tag)
        {
            case 'R' or 'Q':
                Add("&");
                if (Take('L') && Base62() is > 0 and ulong lifetime)
                {
                    Lifetime(lifetime);
                    Add(" ");
                }

                Add(tag == 'Q' ? "mut " : "");
                Type();
                break;
            case 'P' or 'O':
                Add(tag == 'P' ? "*const " : "*mut ");
                Type();
                break;
            case 'A' or 'S':
                Add("[");
                Type();
                if (tag == 'A')
                {
                    Add("; ");
                    Constant(true);
                }

                Add("]");
                break;
            case 'T':
                Add("(");
                if (List(Type) == 1)
                    Add(",");
                Add(")");
                break;
            case 'F':
                Bound(Function);
                break;
            case 'D':
                Add("dyn ");
                Bound(Traits);
                if (!Take('L'))
                    throw new UndemangledException();
                if (Base62() is > 0 and ulong bound)
                {
                    Add(" + ");
                    Lifetime(bound);
                }

                break;
            case 'B':
                Backref(start, Type);
                break;
            default:
                _at--;
                Path(false);
                break;
        }
    }

    private void Function()
    {
        Add(Take('U') ? "unsafe " : "");
        if (Take('K'))
        {
            string abi = Take('C') ? "C" : ReadIdentifier().Text.Replace('_', '-');
            Add("extern \"" + abi + "\" ");
        }

        Add("fn(");
        List(Type);
        Add(")");
        if (Take('u'))
            return;
        Add(" -> ");
        Type();
    }

    private void Traits()
    {
        for (int count = 0; !Take('E'); count++)
        {
            if (count > 0)
                Add(" + ");
            Trait();
        }
    }

    private void Trait()
    {
        bool open = PathLeftOpen();
        while (Take('p'))
        {
            Add(open ? ", " : "<");
            open = true;
            Add(ReadIdentifier().Text + " = ");
            Type();
        }

        if (open)
            Add(">");
    }

    // Associated types are written among the arguments: Iterator<Item = u8>.
    private bool PathLeftOpen()
    {
        int start = _at;
        if (Take('B'))
        {
            bool open = false;
            Backref(start, () => open = PathLeftOpen());
            return open;
        }

        if (!Take('I'))
        {
            Path(false);
            return false;
        }

        Enter();
        Path(false);
        Add("<");
        List(GenericArgument);
        _depth--;
        return true;
    }

    private static string? Basic(char tag) => tag switch
    {
        'a' => "i8", 'b' => "bool", 'c' => "char", 'd' => "f64", 'e' => "str", 'f' => "f32", 'h' => "u8", 'i' => "isize",
        'j' => "usize", 'l' => "i32", 'm' => "u32", 'n' => "i128", 'o' => "u128", 's' => "i16", 't' => "u16", 'u' => "()",
        'v' => "...", 'x' => "i64", 'y' => "u64", 'z' => "!", 'p' => "_",
        _ => null,
    };
}

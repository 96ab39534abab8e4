using System.Globalization;

namespace Kaa.Formats.Demangling;

/// <summary>Types, with the lifetimes and the arguments that they have.</summary>
internal sealed partial class RustV0
{
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
        EnterPart();
        int start = Place;
        char tag = Next();
        if (Basic(tag) is { } basic)
            Add(basic);
        else
            CompoundType(tag, start);
        Leave();
    }

    private void CompoundType(char tag, int start)
    {
        switch (tag)
        {
            case 'R' or 'Q':
                Reference(isMutable: tag == 'Q');
                break;
            case 'P' or 'O':
                Add(tag == 'P' ? "*const " : "*mut ");
                Type();
                break;
            case 'A' or 'S':
                Sequence(hasLength: tag == 'A');
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
                TraitObject();
                break;
            case 'B':
                Backref(start, Type);
                break;
            default:
                Place--;
                Path(false);
                break;
        }
    }

    private void Reference(bool isMutable)
    {
        Add("&");
        if (Take('L') && Base62() is > 0 and ulong lifetime)
        {
            Lifetime(lifetime);
            Add(" ");
        }

        Add(isMutable ? "mut " : "");
        Type();
    }

    private void Sequence(bool hasLength)
    {
        Add("[");
        Type();
        if (hasLength)
        {
            Add("; ");
            Constant(true);
        }

        Add("]");
    }

    private void TraitObject()
    {
        Add("dyn ");
        Bound(Traits);
        Expect('L');
        if (Base62() is > 0 and ulong bound)
        {
            Add(" + ");
            Lifetime(bound);
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
        int start = Place;
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

        EnterPart();
        Path(false);
        Add("<");
        List(GenericArgument);
        Leave();
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

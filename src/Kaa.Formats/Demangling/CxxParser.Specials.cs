namespace Kaa.Formats.Demangling;

/// <summary>Names of operators, and of what compilers make beside the program: tables of virtual functions, guards, thunks.</summary>
internal sealed partial class CxxParser
{
    private CxxNode OperatorName(Facts? facts)
    {
        if (Take("cv"))
        {
            // Arguments behind a template parameter are those of the operator.
            bool outer = _inConversion;
            _inConversion = facts is not null || outer;
            CxxNode type = Type();
            _inConversion = outer;
            if (facts is not null)
                facts.HasNoReturnType = true;
            return Make(new CxxNode(CxxKind.Conversion) { First = type });
        }

        if (Take("li"))
            return NameNode("operator\"\" " + SourceText());
        if (Peek == 'v' && char.IsAsciiDigit(PeekNext))
        {
            Place += 2;
            return NameNode("operator " + SourceText());
        }

        string code = Take(2);
        if (!CxxOperators.TryFind(code, out string symbol, out _))
            throw new UndemangledException();
        bool isWord = char.IsAsciiLetter(symbol[0]);
        return NameNode((isWord ? "operator " : "operator") + symbol.TrimEnd());
    }

    private CxxNode SpecialName()
    {
        if (Take("GV"))
            return Special("guard variable for ", Name(null));
        if (Take("GR"))
        {
            CxxNode name = Name(null);
            int number = Peek is '\0' or '.' ? 0 : Peek == '_' ? TakeOrdinal() : SeqId();
            return Special("reference temporary #" + number + " for ", name);
        }

        if (Take("GA"))
            return Special("hidden alias for ", Encoding());
        if (Take("GTt"))
            return Special("transaction clone for ", Encoding());
        if (Take("GTn"))
            return Special("non-transaction clone for ", Encoding());
        Expect('T');
        char kind = Peek;
        Place++;
        switch (kind)
        {
            case 'V':
                return Special("vtable for ", Type());
            case 'T':
                return Special("VTT for ", Type());
            case 'I':
                return Special("typeinfo for ", Type());
            case 'S':
                return Special("typeinfo name for ", Type());
            case 'F':
                return Special("typeinfo fn for ", Type());
            case 'W':
                return Special("TLS wrapper function for ", Name(null));
            case 'H':
                return Special("TLS init function for ", Name(null));
            case 'A':
                return Special("template parameter object for ", TemplateArgument());
            case 'C':
                CxxNode derived = Type();
                SignedNumber();
                Expect('_');
                return Make(new CxxNode(CxxKind.ConstructionTable) { First = Type(), Second = derived });
            case 'h' or 'v':
                CallOffset(kind);
                return Special(kind == 'h' ? "non-virtual thunk to " : "virtual thunk to ", Encoding());
            case 'c':
                CallOffset(Mangled[Math.Min(Place++, Mangled.Length - 1)]);
                CallOffset(Mangled[Math.Min(Place++, Mangled.Length - 1)]);
                return Special("covariant return thunk to ", Encoding());
            default:
                throw new UndemangledException();
        }
    }

    private int TakeOrdinal()
    {
        Expect('_');
        return 0;
    }

    private int SeqId()
    {
        int index = 0;
        for (; char.IsAsciiDigit(Peek) || char.IsAsciiLetterUpper(Peek); Place++)
            index = Math.Min(Limits.DemangledParts, (index * 36) + (char.IsAsciiDigit(Peek) ? Peek - '0' : Peek - 'A' + 10));
        Expect('_');
        return index + 1;
    }

    private CxxNode Special(string what, CxxNode of) => Make(new CxxNode(CxxKind.Special) { Text = what, First = of });

    private void SignedNumber()
    {
        Take('n');
        Number();
    }

    private void CallOffset(char kind)
    {
        SignedNumber();
        Expect('_');
        if (kind == 'h')
            return;
        if (kind != 'v')
            throw new UndemangledException();
        SignedNumber();
        Expect('_');
    }
}

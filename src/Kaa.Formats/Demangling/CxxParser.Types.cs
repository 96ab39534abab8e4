namespace Kaa.Formats.Demangling;

/// <summary>Types, template arguments, substitutions.</summary>
internal sealed partial class CxxParser
{
    private CxxQualifiers CvQualifiers()
    {
        var qualifiers = CxxQualifiers.None;
        if (Take('r'))
            qualifiers |= CxxQualifiers.Restrict;
        if (Take('V'))
            qualifiers |= CxxQualifiers.Volatile;
        if (Take('K'))
            qualifiers |= CxxQualifiers.Const;
        return qualifiers;
    }

    private CxxQualifiers ReferenceQualifier() =>
        Take('R') ? CxxQualifiers.LeftReference : Take('O') ? CxxQualifiers.RightReference : CxxQualifiers.None;

    private CxxNode Type()
    {
        Enter();
        CxxNode type = TypeInside();
        Leave();
        return type;
    }

    private CxxNode TypeInside()
    {
        switch (Peek)
        {
            case 'r' or 'V' or 'K':
                return Remember(QualifiedType());
            case 'P':
                return Wrapped(CxxKind.Pointer);
            case 'R':
                return Wrapped(CxxKind.LeftReference);
            case 'O':
                return Wrapped(CxxKind.RightReference);
            case 'C' or 'G':
                string suffix = Take('C') ? " _Complex" : " _Imaginary";
                Place += suffix == " _Imaginary" ? 1 : 0;
                return Remember(Make(new CxxNode(CxxKind.VendorQualified) { First = Type(), Text = suffix }));
            case 'F':
                return Remember(FunctionType());
            case 'A':
                return Remember(ArrayType());
            case 'M':
                Place++;
                CxxNode scope = Type();
                return Remember(Make(new CxxNode(CxxKind.MemberPointer) { First = scope, Second = Type() }));
            case 'U':
                return Remember(VendorQualifiedType());
            case 'u':
                Place++;
                return Remember(SourceName());
            case 'D':
                return ExtendedType();
            case 'T':
                return ParameterOrElaborated();
            case 'S' when PeekNext != 't':
                CxxNode known = Substitution();
                return Peek == 'I' ? Remember(Template(known, false)) : known;
            default:
                if (CxxOperators.Builtin(Peek) is not { } builtin)
                    return Remember(Name(null));
                Place++;
                return Make(new CxxNode(CxxKind.Builtin) { Text = builtin });
        }
    }

    private CxxNode Remember(CxxNode type)
    {
        _substitutions.Add(type);
        return type;
    }

    private CxxNode Wrapped(CxxKind kind)
    {
        Place++;
        return Remember(Make(new CxxNode(kind) { First = Type() }));
    }

    private CxxNode QualifiedType()
    {
        CxxQualifiers qualifiers = CvQualifiers();

        // Qualifiers of a function type are those of a member function: written behind its parameters.
        return IsFunctionNext() ? FunctionType(qualifiers) : Make(new CxxNode(CxxKind.Qualified) { First = Type(), Qualifiers = qualifiers });
    }

    private bool IsFunctionNext() => Peek == 'F' || (Peek == 'D' && PeekNext is 'o' or 'O' or 'w' or 'x');

    private CxxNode FunctionType(CxxQualifiers qualifiers = CxxQualifiers.None)
    {
        CxxNode? condition = null;
        if (Take("Do"))
        {
            qualifiers |= CxxQualifiers.NoExcept;
        }
        else if (Take("DO"))
        {
            qualifiers |= CxxQualifiers.NoExcept;
            condition = Expression();
            Expect('E');
        }
        else if (Take("Dw"))
        {
            while (!Take('E'))
                Type();
        }

        if (Take("Dx"))
            qualifiers |= CxxQualifiers.TransactionSafe;
        Expect('F');
        Take('Y');
        CxxNode returned = Type();
        var parameters = new List<CxxNode>();
        while (Peek != 'E')
        {
            if (Take('v'))
                continue;
            if (Peek is 'R' or 'O' && PeekNext == 'E')
                qualifiers |= ReferenceQualifier();
            else
                parameters.Add(Type());
        }

        Expect('E');
        return Make(new CxxNode(CxxKind.Function) { First = returned, Second = condition, List = parameters, Qualifiers = qualifiers });
    }

    private CxxNode ArrayType()
    {
        Expect('A');
        CxxNode? dimension = null;
        if (char.IsAsciiDigit(Peek))
            dimension = NameNode(Digits());
        else if (Peek != '_')
            dimension = Expression();
        Expect('_');
        return Make(new CxxNode(CxxKind.Array) { First = Type(), Second = dimension });
    }

    private string Digits() => TakeWhile(char.IsAsciiDigit);

    private CxxNode VendorQualifiedType()
    {
        if (PeekNext is 'l' or 't')
            return Name(null);
        Expect('U');
        string name = " " + SourceText();
        List<CxxNode> arguments = Peek == 'I' ? TemplateArguments(false) : [];
        return Make(new CxxNode(CxxKind.VendorQualified) { First = Type(), Text = name, List = arguments });
    }

    private CxxNode ExtendedType()
    {
        switch (PeekNext)
        {
            case 't' or 'T':
                return Remember(Decltype());
            case 'p':
                Place += 2;
                return Remember(Make(new CxxNode(CxxKind.PackExpansion) { First = Type() }));
            case 'o' or 'O' or 'w' or 'x':
                return Remember(FunctionType());
            case 'v':
                return Remember(VectorType());
            case 'F':
                return FloatType();
            case 'B' or 'U':
                return BitInt();
            default:
                string name = CxxOperators.ExtendedBuiltin(PeekNext) ?? throw new UndemangledException();
                Place += 2;
                return Make(new CxxNode(CxxKind.Builtin) { Text = name });
        }
    }

    private CxxNode FloatType()
    {
        Place += 2;
        if (Take("16b"))
            return Make(new CxxNode(CxxKind.Builtin) { Text = "std::bfloat16_t" });
        string bits = Digits();
        string end = Take('x') ? "x" : "";
        if (end.Length == 0)
            Expect('_');
        return Make(new CxxNode(CxxKind.Builtin) { Text = "_Float" + bits + end });
    }

    private CxxNode BitInt()
    {
        string name = PeekNext == 'U' ? "unsigned _BitInt(" : "_BitInt(";
        Place += 2;
        string bits = Digits();
        Expect('_');
        return Make(new CxxNode(CxxKind.Builtin) { Text = name + bits + ")" });
    }

    private CxxNode VectorType()
    {
        Place += 2;
        CxxNode dimension;
        if (Take('_'))
            dimension = Expression();
        else
            dimension = NameNode(Digits());
        Expect('_');
        return Make(new CxxNode(CxxKind.Vector) { First = Type(), Second = dimension });
    }

    private CxxNode Decltype()
    {
        Place += 2;
        CxxNode node = Make(new CxxNode(CxxKind.Decltype) { Text = "decltype ", First = Expression() });
        Expect('E');
        return node;
    }

    private CxxNode ParameterOrElaborated()
    {
        if (PeekNext is 's' or 'u' or 'e')
        {
            Place += 2;
            return Remember(Name(null));
        }

        CxxNode parameter = Remember(TemplateParameter());
        return Peek == 'I' && !_inConversion ? Remember(Template(parameter, false)) : parameter;
    }

    private CxxNode TemplateParameter()
    {
        Expect('T');
        if (Take('L'))
        {
            Number();
            Expect('_');
        }

        int index = Ordinal();
        return Make(new CxxNode(CxxKind.Parameter) { Number = index });
    }

    /// <param name="tag">These are the ones that template parameters in this encoding name.</param>
    private List<CxxNode> TemplateArguments(bool tag)
    {
        Expect('I');
        var arguments = new List<CxxNode>();
        List<CxxNode> before = _parameters;
        var named = new List<CxxNode>();
        while (!Take('E'))
        {
            CxxNode argument = TemplateArgument();
            arguments.Add(argument);
            named.Add(argument);
        }

        _parameters = tag ? named : before;
        return arguments;
    }

    private CxxNode TemplateArgument()
    {
        Enter();
        CxxNode argument;
        if (Take('X'))
        {
            argument = Expression();
            Expect('E');
        }
        else if (Take('J'))
        {
            var pack = new List<CxxNode>();
            while (!Take('E'))
                pack.Add(TemplateArgument());
            argument = Make(new CxxNode(CxxKind.Pack) { List = pack });
        }
        else
        {
            argument = Peek == 'L' ? Primary() : Type();
        }

        Leave();
        return argument;
    }

    private CxxNode Substitution()
    {
        Expect('S');
        if (char.IsAsciiLetterLower(Peek))
            return StandardSubstitution();
        int index = 0;
        if (Peek != '_')
        {
            for (; char.IsAsciiDigit(Peek) || char.IsAsciiLetterUpper(Peek); Place++)
            {
                index = (index * 36) + (char.IsAsciiDigit(Peek) ? Peek - '0' : Peek - 'A' + 10);
                if (index > Limits.DemangledParts)
                    throw new UndemangledException();
            }

            index++;
        }

        Expect('_');
        return index < _substitutions.Count ? _substitutions[index] : throw new UndemangledException();
    }

    private CxxNode StandardSubstitution()
    {
        char letter = Mangled[Place++];

        // Where a constructor follows, the full name tells what it is called.
        bool full = Peek is 'C' or 'D';
        string name = letter switch
        {
            'a' => "std::allocator",
            'b' => "std::basic_string",
            's' => full ? "std::basic_string<char, std::char_traits<char>, std::allocator<char> >" : "std::string",
            'i' => full ? "std::basic_istream<char, std::char_traits<char> >" : "std::istream",
            'o' => full ? "std::basic_ostream<char, std::char_traits<char> >" : "std::ostream",
            'd' => full ? "std::basic_iostream<char, std::char_traits<char> >" : "std::iostream",
            _ => throw new UndemangledException(),
        };
        CxxNode node = Make(new CxxNode(CxxKind.Name) { Text = name });
        if (Peek != 'B')
            return node;
        while (Take('B'))
            node = Make(new CxxNode(CxxKind.AbiTag) { First = node, Text = SourceText() });
        return Remember(node);
    }
}

namespace Kaa.Formats.Demangling;

/// <summary>
/// Reads names that are mangled by the Itanium C++ ABI (section 5.1) into a tree. Recursion and the number of parts are bounded. This part:
/// encodings and names.
/// </summary>
internal sealed partial class CxxParser(string text) : MangledReader(text)
{
    private readonly List<CxxNode> _substitutions = [];
    private List<CxxNode> _parameters = [];
    private bool _inConversion;

    /// <summary>What the parts of a function's name tell of the function.</summary>
    private sealed class Facts
    {
        public bool HasNoReturnType;
        public bool EndsInTemplate;
        public CxxQualifiers Qualifiers;
    }

    /// <summary>The whole name, from behind its <c>_Z</c>.</summary>
    /// <exception cref="UndemangledException">It breaks the grammar.</exception>
    public CxxNode ParseAll(int start)
    {
        Place = start;
        CxxNode node = Encoding();

        // What the compiler made of the function: .constprop.0, .part.3, .cold, .isra.1, .lto_priv.0.
        while (Peek == '.' && (char.IsAsciiLetterLower(PeekNext) || PeekNext == '_' || char.IsAsciiDigit(PeekNext)))
        {
            int from = Place++;
            while (char.IsAsciiLetterLower(Peek) || Peek == '_' || (char.IsAsciiDigit(Peek) && Place == from + 1))
                Place++;
            while (char.IsAsciiDigit(Peek))
                Place++;
            while (Peek == '.' && char.IsAsciiDigit(PeekNext))
            {
                for (Place++; char.IsAsciiDigit(Peek);)
                    Place++;
            }

            node = Make(new CxxNode(CxxKind.Special) { First = node, Text = " [clone " + Mangled[from..Place] + "]", Number = 1 });
        }

        return Place == Mangled.Length ? node : throw new UndemangledException();
    }

    private CxxNode Make(CxxNode node)
    {
        CountPart();
        return node;
    }

    private CxxNode NameNode(string name) => Make(CxxNode.Name(name));

    private CxxNode Encoding()
    {
        Enter();
        List<CxxNode> outer = _parameters;
        _parameters = [];
        CxxNode node = Peek is 'T' or 'G' ? SpecialName() : FunctionOrData();
        _parameters = outer;
        Leave();
        return node;
    }

    private bool AtEncodingEnd => Peek is '\0' or 'E' or '.' or '_';

    private CxxNode FunctionOrData()
    {
        var facts = new Facts();
        CxxNode name = Name(facts);
        if (AtEncodingEnd)
            return name;
        CxxNode? returned = facts is { EndsInTemplate: true, HasNoReturnType: false } ? Type() : null;
        var parameters = new List<CxxNode>();
        if (!Take('v'))
        {
            while (!AtEncodingEnd)
                parameters.Add(Type());
        }

        return Make(new CxxNode(CxxKind.Encoding)
        {
            First = returned, Second = name, List = parameters, Qualifiers = facts.Qualifiers, Arguments = _parameters,
        });
    }

    private CxxNode Name(Facts? facts)
    {
        Enter();
        CxxNode name = Peek switch
        {
            'N' => NestedName(facts),
            'Z' => LocalName(facts),
            _ => UnscopedName(facts),
        };
        Leave();
        return name;
    }

    private CxxNode UnscopedName(Facts? facts)
    {
        bool substituted = Peek == 'S' && PeekNext != 't';
        CxxNode name = substituted ? Substitution() : Unqualified(facts, Take("St") ? NameNode("std") : null);
        if (Peek != 'I')
            return substituted ? throw new UndemangledException() : name;
        if (!substituted)
            _substitutions.Add(name);
        if (facts is not null)
            facts.EndsInTemplate = true;
        return Template(name, facts is not null);
    }

    private CxxNode Template(CxxNode name, bool tag) =>
        Make(new CxxNode(CxxKind.Template) { First = name, List = TemplateArguments(tag) });

    private CxxNode NestedName(Facts? facts)
    {
        Expect('N');
        CxxQualifiers qualifiers = Take('H') ? CxxQualifiers.None : CvQualifiers() | ReferenceQualifier();
        if (facts is not null)
            facts.Qualifiers = qualifiers;
        CxxNode? name = null;
        while (!Take('E'))
        {
            if (facts is not null)
                facts.EndsInTemplate = false;
            if (Peek == 'S' && PeekNext != 't')
            {
                name = name is null ? Substitution() : throw new UndemangledException();
                continue;
            }

            name = Component(name, facts);
            _substitutions.Add(name);
            Take('M');
        }

        if (name is null || _substitutions.Count == 0)
            throw new UndemangledException();

        // The whole of it is no prefix of anything.
        _substitutions.RemoveAt(_substitutions.Count - 1);
        return name;
    }

    private CxxNode Component(CxxNode? scope, Facts? facts)
    {
        if (Peek == 'T' && PeekNext is not ('s' or 'u' or 'e'))
            return scope is null ? TemplateParameter() : throw new UndemangledException();
        if (Peek == 'I')
        {
            if (scope is null)
                throw new UndemangledException();
            if (facts is not null)
                facts.EndsInTemplate = true;
            return Template(scope, facts is not null);
        }

        if (Peek == 'D' && PeekNext is 't' or 'T')
            return scope is null ? Decltype() : throw new UndemangledException();
        if (scope is null && Take("St"))
            return Unqualified(facts, NameNode("std"));
        return Unqualified(facts, scope);
    }

    private CxxNode LocalName(Facts? facts)
    {
        Expect('Z');
        CxxNode function = Encoding();
        Expect('E');
        if (Take('s'))
        {
            Discriminator();
            return Local(function, NameNode("string literal"));
        }

        if (Take('d'))
        {
            int number = Peek == '_' ? 0 : (int)Number() + 1;
            Expect('_');
            CxxNode argument = Local(function, NameNode("{default arg#" + (number + 1) + "}"));
            return Make(new CxxNode(CxxKind.Nested) { First = argument, Second = Name(facts) });
        }

        CxxNode entity = Name(facts);
        Discriminator();
        return Local(function, entity);
    }

    private CxxNode Local(CxxNode function, CxxNode entity) => Make(new CxxNode(CxxKind.Local) { First = function, Second = entity });

    // _3 or __12_: which of several things of that name in one function.
    private void Discriminator()
    {
        if (Peek != '_')
            return;
        if (char.IsAsciiDigit(PeekNext))
        {
            Place += 2;
        }
        else if (PeekNext == '_')
        {
            Place += 2;
            Number();
            Expect('_');
        }
    }

    private CxxNode Unqualified(Facts? facts, CxxNode? scope)
    {
        Take('L');
        CxxNode name;
        if (Peek == 'U')
            name = UnnamedType();
        else if (char.IsAsciiDigit(Peek))
            name = SourceName();
        else if (Take("DC"))
            name = Binding();
        else if (scope is not null && (Peek == 'C' || (Peek == 'D' && char.IsAsciiDigit(PeekNext))))
            name = Constructor(facts, scope);
        else
            name = OperatorName(facts);
        while (Take('B'))
            name = Make(new CxxNode(CxxKind.AbiTag) { First = name, Text = SourceText() });
        return scope is null ? name : Make(new CxxNode(CxxKind.Nested) { First = scope, Second = name });
    }

    private CxxNode Binding()
    {
        var names = new List<CxxNode>();
        while (!Take('E'))
            names.Add(SourceName());
        return Make(new CxxNode(CxxKind.Binding) { List = names });
    }

    private CxxNode SourceName()
    {
        string name = SourceText();

        // GCC's name for an anonymous namespace.
        bool anonymous = name.StartsWith("_GLOBAL_", StringComparison.Ordinal) && name.Length > 9 && name[8] is '.' or '_' or '$' && name[9] == 'N';
        return NameNode(anonymous ? "(anonymous namespace)" : name);
    }

    private string SourceText()
    {
        int length = (int)Number();
        return length > 0 ? Take(length) : throw new UndemangledException();
    }

    private long Number()
    {
        long number = 0;
        if (!char.IsAsciiDigit(Peek))
            throw new UndemangledException();
        for (; char.IsAsciiDigit(Peek); Place++)
        {
            number = (number * 10) + (Peek - '0');
            if (number > int.MaxValue - 1)
                throw new UndemangledException();
        }

        return number;
    }

    /// <summary>Nothing or a number, then an underscore: 0, or one more than the number.</summary>
    private int Ordinal()
    {
        int ordinal = Peek == '_' ? 0 : (int)Number() + 1;
        Expect('_');
        return ordinal;
    }

    private CxxNode UnnamedType()
    {
        if (Take("Ut"))
            return NameNode("{unnamed type#" + (Ordinal() + 1) + "}");
        if (!Take("Ul"))
            throw new UndemangledException();
        var parameters = new List<CxxNode>();
        if (!Take('v'))
        {
            while (Peek != 'E')
                parameters.Add(Type());
        }

        Expect('E');
        return Make(new CxxNode(CxxKind.Lambda) { List = parameters, Number = Ordinal() + 1 });
    }

    private CxxNode Constructor(Facts? facts, CxxNode scope)
    {
        if (facts is not null)
            facts.HasNoReturnType = true;
        CxxNode name = NameNode(BaseName(scope));
        bool constructor = Take('C');
        bool inherits = constructor && Take('I');
        if (!constructor)
            Expect('D');
        if (!char.IsAsciiDigit(Peek))
            throw new UndemangledException();
        Place++;

        // An inherited constructor has the name of the base class.
        if (inherits)
            return NameNode(BaseName(Name(null)));
        return constructor ? name : Make(new CxxNode(CxxKind.Destructor) { First = name });
    }

    private static string BaseName(CxxNode scope)
    {
        for (CxxNode? node = scope; node is not null;)
        {
            switch (node.Kind)
            {
                case CxxKind.Nested or CxxKind.Local:
                    node = node.Second;
                    break;
                case CxxKind.Template or CxxKind.AbiTag:
                    node = node.First;
                    break;
                case CxxKind.Lambda:
                    return "{lambda()#" + node.Number + "}";
                default:
                    // std::basic_string<char, …> of a standard substitution.
                    int end = node.Text.IndexOf('<', StringComparison.Ordinal);
                    string name = end < 0 ? node.Text : node.Text[..end];
                    return name[(name.LastIndexOf(':') + 1)..];
            }
        }

        throw new UndemangledException();
    }
}

namespace Kaa.Formats.Demangling;

/// <summary>Expressions, operators, special names.</summary>
internal sealed partial class CxxParser
{
    /// <summary>Each may double the work.</summary>
    private const int MostRetries = 16;

    private int _retries;

    private CxxNode Expression()
    {
        Enter();
        CxxNode expression = ExpressionInside();
        Leave();
        return expression;
    }

    private CxxNode ExpressionInside()
    {
        if (Peek == 'L')
            return Primary();
        if (Peek == 'T')
            return TemplateParameter();
        if (Peek == 'f' && (PeekNext == 'p' || (PeekNext == 'L' && char.IsAsciiDigit(Ahead(2)))))
            return FunctionParameter();
        if (Peek == 'f' && PeekNext is 'l' or 'r' or 'L' or 'R')
            return Fold();
        if (Take("gs"))
            return Make(new CxxNode(CxxKind.Special) { Text = "::", First = Expression() });
        if (Peek == 's' && PeekNext is 'r' or 'p' or 'Z' or 'P')
            return ScopeOrPack();
        if (Take("on"))
            return WithArguments(OperatorName(null));
        if (char.IsAsciiDigit(Peek))
            return WithArguments(SourceName());
        string code = Take(2);
        return ByCode(code);
    }

    private CxxNode ByCode(string code)
    {
        switch (code)
        {
            case "cl" or "cp":
                CxxNode callee = Expression();
                return Make(new CxxNode(CxxKind.Call) { First = callee, List = Expressions() });
            case "cv":
                return Conversion();
            case "tl":
                return Make(new CxxNode(CxxKind.Braces) { First = Type(), List = Expressions() });
            case "il":
                return Make(new CxxNode(CxxKind.Braces) { List = Expressions() });
            case "sc" or "dc" or "cc" or "rc":
                CxxOperators.TryFind(code, out string cast, out _);
                CxxNode to = Type();
                return Make(new CxxNode(CxxKind.NamedCast) { Text = cast, First = to, Second = Expression() });
            case "ti" or "st" or "at":
                CxxOperators.TryFind(code, out string ofType, out _);
                return Make(new CxxNode(CxxKind.Decltype) { Text = ofType, First = Type() });
            case "az" or "nx":
                return Make(new CxxNode(CxxKind.Decltype) { Text = code == "nx" ? "noexcept" : "alignof ", First = Expression() });
            case "dt" or "pt":
                CxxNode whole = Expression();
                return Make(new CxxNode(CxxKind.Member) { Text = code == "dt" ? "." : "->", First = whole, Second = MemberName() });
            case "ix":
                CxxNode array = Expression();
                return Make(new CxxNode(CxxKind.Subscript) { First = array, Second = Expression() });
            case "qu":
                CxxNode condition = Expression();
                CxxNode yes = Expression();
                return Make(new CxxNode(CxxKind.Conditional) { First = condition, Second = yes, Third = Expression() });
            case "nw" or "na":
                return NewExpression(code);
            case "dl" or "da":
                return Make(new CxxNode(CxxKind.Delete) { Text = code == "dl" ? "delete " : "delete[] ", First = Expression() });
            case "tr":
                return NameNode("throw");
            case "pp_" or "mm_":
                throw new UndemangledException();
            default:
                return ByOperator(code);
        }
    }

    private CxxNode ByOperator(string code)
    {
        if (!CxxOperators.TryFind(code, out string symbol, out CxxArity arity) || arity == CxxArity.Other)
            throw new UndemangledException();
        if (arity == CxxArity.Postfix && Take('_'))
            arity = CxxArity.Prefix;
        CxxNode first = Expression();
        return arity switch
        {
            CxxArity.Binary => Make(new CxxNode(CxxKind.Binary) { Text = symbol, First = first, Second = Expression() }),
            CxxArity.Postfix => Make(new CxxNode(CxxKind.Postfix) { Text = symbol, First = first }),
            _ => Make(new CxxNode(CxxKind.Prefix) { Text = symbol, First = first }),
        };
    }

    private List<CxxNode> Expressions()
    {
        var list = new List<CxxNode>();
        while (!Take('E'))
            list.Add(Expression());
        return list;
    }

    private CxxNode WithArguments(CxxNode name) => Peek == 'I' ? Template(name, false) : name;

    // What is behind a dot or an arrow: a name, an operator, a destructor.
    private CxxNode MemberName()
    {
        if (Take("dn"))
            return Make(new CxxNode(CxxKind.Destructor) { First = char.IsAsciiDigit(Peek) ? WithArguments(SourceName()) : Type() });
        return Expression();
    }

    private CxxNode Conversion()
    {
        bool inConversion = _inConversion;
        _inConversion = false;
        CxxNode type = Type();
        _inConversion = inConversion;
        return Take('_')
            ? Make(new CxxNode(CxxKind.Cast) { First = type, List = Expressions(), Number = 1 })
            : Make(new CxxNode(CxxKind.Cast) { First = type, List = [Expression()] });
    }

    private CxxNode NewExpression(string code)
    {
        var placement = new List<CxxNode>();
        while (!Take('_'))
            placement.Add(Expression());
        CxxNode type = Type();
        List<CxxNode>? arguments = Take("pi") ? Expressions() : null;
        if (arguments is null)
            Expect('E');
        string symbol = code == "nw" ? "new" : "new[]";
        CxxNode call = Make(new CxxNode(CxxKind.Call) { First = type, List = arguments ?? [], Number = arguments is null ? 1 : 0 });
        return Make(new CxxNode(CxxKind.New) { Text = symbol, List = placement, First = call });
    }

    private CxxNode FunctionParameter()
    {
        Place++;
        if (Take("pT"))
            return NameNode("this");
        if (Take('L'))
            Number();
        Expect('p');
        CvQualifiers();
        return Make(new CxxNode(CxxKind.FunctionParameter) { Number = Ordinal() + 1 });
    }

    private CxxNode Fold()
    {
        Place++;
        char kind = Mangled[Place++];
        string code = Take(2);
        if (!CxxOperators.TryFind(code, out string symbol, out _))
            throw new UndemangledException();
        CxxNode first = Expression();
        CxxNode? second = kind is 'L' or 'R' ? Expression() : null;
        return Make(new CxxNode(CxxKind.Fold) { Text = symbol, First = first, Second = second, Number = kind });
    }

    private CxxNode ScopeOrPack()
    {
        if (Take("sp"))
            return Make(new CxxNode(CxxKind.PackExpansion) { First = Expression() });
        if (Take("sZ"))
            return Make(new CxxNode(CxxKind.SizeOfPack) { First = Peek == 'T' ? TemplateParameter() : FunctionParameter() });
        if (Take("sP"))
        {
            var list = new List<CxxNode>();
            while (!Take('E'))
                list.Add(TemplateArgument());
            return Make(new CxxNode(CxxKind.SizeOfPack) { First = Make(new CxxNode(CxxKind.Pack) { List = list }) });
        }

        Place += 2;
        return UnresolvedName();
    }

    // sr <qualifier level>+ E <base name>; sr <type> <base name>, where GCC has plain and nested names for a type, too.
    private CxxNode UnresolvedName()
    {
        if (char.IsAsciiDigit(Peek) && Levels() is { } name)
            return name;
        CxxNode scope = WithArguments(Type());
        return char.IsAsciiDigit(Peek)
            ? Make(new CxxNode(CxxKind.Nested) { First = scope, Second = Level() })
            : Make(new CxxNode(CxxKind.Nested) { First = scope, Second = BaseName() });
    }

    // Null, and nothing read, where it is the other form: only the end tells.
    private CxxNode? Levels()
    {
        (int at, int depth, int substitutions) = (Place, Depth, _substitutions.Count);
        (List<CxxNode> parameters, bool inConversion) = (_parameters, _inConversion);
        try
        {
            CxxNode scope = Level();
            while (!Take('E'))
                scope = Make(new CxxNode(CxxKind.Nested) { First = scope, Second = Level() });
            return char.IsAsciiDigit(Peek)
                ? WithArguments(Make(new CxxNode(CxxKind.Nested) { First = scope, Second = SourceName() }))
                : Make(new CxxNode(CxxKind.Nested) { First = scope, Second = BaseName() });
        }
        catch (UndemangledException) when (++_retries < MostRetries)
        {
            (Place, Depth, _parameters, _inConversion) = (at, depth, parameters, inConversion);
            _substitutions.RemoveRange(substitutions, _substitutions.Count - substitutions);
            return null;
        }
    }

    private CxxNode BaseName()
    {
        if (Take("dn"))
            return Make(new CxxNode(CxxKind.Destructor) { First = Level() });
        Take("on");
        return WithArguments(OperatorName(null));
    }

    private CxxNode Level() => WithArguments(SourceName());

    private CxxNode Primary()
    {
        Expect('L');
        if (Take('Z') || Take("_Z"))
        {
            CxxNode entity = Encoding();
            Expect('E');
            return entity;
        }

        CxxNode type = Type();
        int end = Mangled.IndexOf('E', Place);
        if (end < 0)
            throw new UndemangledException();
        string value = Mangled[Place..end];
        Place = end + 1;
        if (value.StartsWith('n'))
            value = "-" + value[1..];
        return Make(new CxxNode(CxxKind.Literal) { First = type, Text = value });
    }
}

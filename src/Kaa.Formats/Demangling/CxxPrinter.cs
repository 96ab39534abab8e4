using System.Text;

namespace Kaa.Formats.Demangling;

/// <summary>Writes the tree of a C++ name, spaced as binutils do it. Depth and length are bounded.</summary>
internal sealed partial class CxxPrinter
{
    private readonly StringBuilder _text = new();
    private int _depth;
    private int _steps;
    private int _packIndex = -1;

    // In the parameters of a lambda each template parameter is an auto of it.
    private bool _inLambda;
    private IReadOnlyList<CxxNode> _arguments = CxxNode.NoNodes;

    // How long the pack that is being expanded is; -1 where none was met.
    private int _packLength = -1;

    public static string Print(CxxNode node)
    {
        var printer = new CxxPrinter();
        printer.Whole(node);
        return printer._text.ToString();
    }

    private void Whole(CxxNode? node)
    {
        if (node is null)
            return;
        Left(node);
        Right(node);
    }

    private void Add(string text)
    {
        if (_text.Length + text.Length > Limits.DemangledName)
            throw new UndemangledException();
        _text.Append(text);
    }

    private void Enter()
    {
        if (++_depth > Limits.DemanglingDepth || ++_steps > Limits.DemangledParts * 4)
            throw new UndemangledException();
    }

    private char Last => _text.Length > 0 ? _text[^1] : '\0';

    private void Left(CxxNode node)
    {
        Enter();
        if (!LeftOfType(node) && !Name(node))
            Expression(node);
        _depth--;
    }

    private bool Name(CxxNode node)
    {
        switch (node.Kind)
        {
            case CxxKind.Name:
                Add(node.Text);
                return true;
            case CxxKind.Local when node.First is { Kind: CxxKind.Encoding } around:
                // What the function around it returns is left out.
                Function(around, false);
                Add("::");
                Whole(node.Second);
                return true;
            case CxxKind.Nested or CxxKind.Local:
                Whole(node.First);
                Add("::");
                Whole(node.Second);
                return true;
            case CxxKind.Template:
                Whole(node.First);
                Arguments(node.List);
                return true;
            case CxxKind.AbiTag:
                Whole(node.First);
                Add("[abi:" + node.Text + "]");
                return true;
            case CxxKind.Destructor:
                Add("~");
                Whole(node.First);
                return true;
            case CxxKind.Conversion:
                Add("operator ");
                Whole(node.First);
                return true;
            case CxxKind.Lambda:
                Add("{lambda");
                bool inLambda = _inLambda;
                _inLambda = true;
                Parameters(node.List);
                _inLambda = inLambda;
                Add("#" + node.Number + "}");
                return true;
            case CxxKind.Binding:
                Add("[");
                List(node.List);
                Add("]");
                return true;
            case CxxKind.Special:
                if (node.Number == 0)
                    Add(node.Text);
                Whole(node.First);
                if (node.Number == 1)
                    Add(node.Text);
                return true;
            case CxxKind.ConstructionTable:
                Add("construction vtable for ");
                Whole(node.First);
                Add("-in-");
                Whole(node.Second);
                return true;
            case CxxKind.Encoding:
                Function(node, true);
                return true;
            case CxxKind.Parameter when _inLambda:
                Add("auto:" + (node.Number + 1));
                return true;
            case CxxKind.Parameter:
                Left(Argument(node));
                return true;
            default:
                return false;
        }
    }

    private void Function(CxxNode node, bool withReturn)
    {
        IReadOnlyList<CxxNode> outer = _arguments;
        bool inLambda = _inLambda;
        _arguments = node.Arguments;
        _inLambda = false;
        CxxNode? returned = withReturn ? node.First : null;
        if (returned is not null)
        {
            Left(returned);
            if (!NeedsParentheses(returned) && !EndsInFunctionPointer(returned))
                Add(" ");
        }

        Whole(node.Second);
        Parameters(node.List);
        if (returned is not null)
            Right(returned);
        Qualifiers(node.Qualifiers);
        _arguments = outer;
        _inLambda = inLambda;
    }

    private CxxNode Argument(CxxNode parameter) =>
        parameter.Number < _arguments.Count ? _arguments[parameter.Number] : throw new UndemangledException();

    private void Parameters(IReadOnlyList<CxxNode> list)
    {
        Add("(");
        List(list);
        Add(")");
    }

    private void Arguments(IReadOnlyList<CxxNode> list)
    {
        // operator< <int>: else the two would be one token.
        Add(Last == '<' ? " <" : "<");
        List(list);
        Add(Last == '>' ? " >" : ">");
    }

    // What an empty pack leaves takes its comma with it.
    private void List(IReadOnlyList<CxxNode> list)
    {
        bool any = false;
        foreach (CxxNode each in list)
        {
            int before = _text.Length;
            if (any)
                Add(", ");
            int start = _text.Length;
            Item(each);
            if (_text.Length == start)
                _text.Length = before;
            else
                any = true;
        }
    }

    private void Item(CxxNode node)
    {
        // Written out among the arguments: all of it, whatever is being expanded around it.
        if (node.Kind == CxxKind.Pack)
            List(node.List);
        else
            Whole(node);
    }

    private CxxNode? Element(CxxNode pack)
    {
        if (_packIndex < 0)
            return null;
        _packLength = pack.List.Count;
        return _packIndex < pack.List.Count ? pack.List[_packIndex] : null;
    }

    private void Expand(CxxNode pattern)
    {
        (int index, int length) = (_packIndex, _packLength);
        _packIndex = 0;
        _packLength = -1;
        int start = _text.Length;
        Whole(pattern);
        int count = _packLength;
        if (count < 0)
        {
            // Nothing to expand: a pack that is not known.
            Add("...");
        }
        else if (count == 0)
        {
            _text.Length = start;
        }

        for (int i = 1; i < count; i++)
        {
            _packIndex = i;
            Add(", ");
            Whole(pattern);
        }

        (_packIndex, _packLength) = (index, length);
    }
}

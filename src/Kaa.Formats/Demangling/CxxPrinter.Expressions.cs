namespace Kaa.Formats.Demangling;

/// <summary>Expressions, as they occur in template arguments and in types of results.</summary>
internal sealed partial class CxxPrinter
{
    private void Expression(CxxNode node)
    {
        switch (node.Kind)
        {
            case CxxKind.Pack:
                if (Element(node) is { } element)
                    Left(element);
                else if (_packIndex < 0)
                    List(node.List);
                break;
            case CxxKind.PackExpansion:
                Expand(node.First!);
                break;
            case CxxKind.Literal:
                Literal(node);
                break;
            case CxxKind.Binary:
                Binary(node);
                break;
            case CxxKind.Prefix:
                Prefix(node);
                break;
            case CxxKind.Postfix:
                Operand(node.First!);
                Add(node.Text);
                break;
            case CxxKind.Call:
                Operand(Callee(node.First!));
                if (node.Number == 0)
                    Parameters(node.List);
                break;
            case CxxKind.Cast:
                Add("(");
                Whole(node.First);
                Add(")");
                if (node.List.Count == 1 && node.Number == 0)
                    Operand(node.List[0]);
                else
                    Parameters(node.List);
                break;
            case CxxKind.NamedCast:
                Add(node.Text + "<");
                Whole(node.First);
                Add(Last == '>' ? " >(" : ">(");
                Whole(node.Second);
                Add(")");
                break;
            case CxxKind.Conditional:
                Operand(node.First!);
                Add("?");
                Operand(node.Second!);
                Add(" : ");
                Operand(node.Third!);
                break;
            case CxxKind.Member:
                Operand(node.First!);
                Add(node.Text);
                Operand(node.Second!);
                break;
            case CxxKind.Subscript:
                Operand(node.First!);
                Add("[");
                Whole(node.Second);
                Add("]");
                break;
            default:
                RareExpression(node);
                break;
        }
    }

    private void RareExpression(CxxNode node)
    {
        switch (node.Kind)
        {
            case CxxKind.New:
                Add(node.Text + " ");
                if (node.List.Count > 0)
                {
                    Parameters(node.List);
                    Add(" ");
                }

                Whole(node.First);
                break;
            case CxxKind.Delete:
                Add(node.Text);
                Operand(node.First!);
                break;
            case CxxKind.SizeOfPack:
                CxxNode pack = node.First!.Kind == CxxKind.Parameter ? Argument(node.First) : node.First;
                if (pack.Kind == CxxKind.Pack)
                    Add(CountOf(pack).ToString(System.Globalization.CultureInfo.InvariantCulture));
                else
                    Whole(Make("sizeof...(", pack));
                break;
            case CxxKind.Fold:
                Fold(node);
                break;
            case CxxKind.Braces:
                Whole(node.First);
                Add("{");
                List(node.List);
                Add("}");
                break;
            case CxxKind.FunctionParameter:
                Add("{parm#" + node.Number + "}");
                break;
            default:
                throw new UndemangledException();
        }
    }

    private static CxxNode Make(string text, CxxNode of) =>
        new(CxxKind.Special) { Text = text, First = new CxxNode(CxxKind.Special) { First = of, Text = ")", Number = 1 } };

    private static int CountOf(CxxNode pack) => pack.List.Count;

    private void Fold(CxxNode node)
    {
        Add("(");
        bool dotsFirst = node.Number == 'l';
        if (node.Number is 'L' or 'R')
        {
            Operand(node.First!);
            Add(node.Text + "..." + node.Text);
            Operand(node.Second!);
        }
        else if (dotsFirst)
        {
            Add("..." + node.Text);
            Operand(node.First!);
        }
        else
        {
            Operand(node.First!);
            Add(node.Text + "...");
        }

        Add(")");
    }

    // The name of a function that is called, without its parameters.
    private static CxxNode Callee(CxxNode node) => node is { Kind: CxxKind.Encoding, Second: not null } ? node.Second : node;

    private void Prefix(CxxNode node)
    {
        CxxNode operand = node.First!;

        // The address of a member function is written without its parameters.
        if (node.Text == "&" && operand is { Kind: CxxKind.Encoding, Second.Kind: CxxKind.Nested })
            operand = operand.Second;
        Add(node.Text);
        Operand(operand);
    }

    private void Binary(CxxNode node)
    {
        // A > inside of template arguments would end them.
        bool guarded = node.Text is ">" or ">>";
        if (guarded)
            Add("(");
        Operand(node.First!);
        Add(node.Text);
        Operand(node.Second!);
        if (guarded)
            Add(")");
    }

    private void Operand(CxxNode node)
    {
        CxxNode operand = Resolved(node);
        bool simple = operand.Kind is CxxKind.Name or CxxKind.Nested or CxxKind.Braces or CxxKind.FunctionParameter;
        if (!simple)
            Add("(");
        Whole(node);
        if (!simple)
            Add(")");
    }

    private void Literal(CxxNode node)
    {
        CxxNode type = Resolved(node.First!);
        string? suffix = type.Kind == CxxKind.Builtin ? Suffix(type.Text) : null;
        if (type is { Kind: CxxKind.Builtin, Text: "bool" } && node.Text is "0" or "1")
        {
            Add(node.Text == "0" ? "false" : "true");
        }
        else if (suffix is not null)
        {
            Add(node.Text + suffix);
        }
        else
        {
            Add("(");
            Whole(node.First);
            Add(")");
            bool isFloat = type is { Kind: CxxKind.Builtin, Text: "float" or "double" or "long double" or "__float128" };
            Add(isFloat ? "[" + node.Text + "]" : node.Text);
        }
    }

    private static string? Suffix(string type) => type switch
    {
        "int" => "",
        "unsigned int" => "u",
        "long" => "l",
        "unsigned long" => "ul",
        "long long" => "ll",
        "unsigned long long" => "ull",
        _ => null,
    };
}

namespace Kaa.Control.Conditions;

/// <summary>What stands beside a comparison: numbers, registers, memory, texts, and C's arithmetic on them.</summary>
internal sealed class OperandParser(ConditionParser parser)
{
    // From the loosest to the tightest, as in C.
    private static readonly string[][] Levels = [["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]];

    public ConditionNode Sum() => Level(0);

    private ConditionNode Level(int level)
    {
        if (level == Levels.Length)
            return Unary();
        ConditionNode left = Level(level + 1);
        while (parser.Word.Kind == WordKind.Sign && Array.IndexOf(Levels[level], parser.Word.Text) >= 0)
        {
            Operation operation = OperationOf(parser.Take().Text);
            left = new ArithmeticNode(operation, parser.AsInteger(left), parser.AsInteger(Level(level + 1)));
        }

        return left;
    }

    /// <summary>Signs, casts and stars in front of a value.</summary>
    private ConditionNode Unary()
    {
        parser.Enter();
        int negations = 0;
        while (parser.TryTake("-"))
            negations++;
        ConditionNode value = parser.Word.Is("*") ? Memory() : parser.TryTake("(") ? InBrackets() : Primary();
        parser.Leave();
        return negations % 2 == 0 ? value : new ArithmeticNode(Operation.Subtract, new IntegerNode(0), parser.AsInteger(value));
    }

    /// <summary><c>*(int*) $rsi</c>; without a cast 8 bytes.</summary>
    private MemoryNode Memory()
    {
        parser.Take();
        if (!parser.Word.Is("("))
            return new MemoryNode(parser.AsInteger(Unary()), 8, Signed: true);
        parser.Take();
        if (CType.Find(parser) is not { } type)
        {
            ConditionNode inner = parser.AsInteger(parser.Either());
            parser.Require(")");
            return new MemoryNode(inner, 8, Signed: true);
        }

        if (type.Stars == 0)
            throw parser.Error("behind a star stands a pointer, as in *(int*) $rsi");
        parser.Require(")");
        ConditionNode address = parser.AsInteger(Unary());
        return type.Stars > 1 ? new MemoryNode(address, 8, Signed: true) : new MemoryNode(address, type.Size, type.Signed);
    }

    private ConditionNode InBrackets()
    {
        if (CType.Find(parser) is not { } type)
        {
            ConditionNode inner = parser.Either();
            parser.Require(")");
            return inner;
        }

        parser.Require(")");
        ConditionNode value = parser.AsInteger(Unary());
        if (type is { Stars: 1, Size: 1 })
            return new StringNode(value);
        return type.Stars > 0 || type.Size == 8 ? value : new CutNode(value, type.Size, type.Signed);
    }

    private ConditionNode Primary()
    {
        ConditionWord word = parser.Word;
        switch (word.Kind)
        {
            case WordKind.Integer:
                return new IntegerNode(parser.Take().Value);
            case WordKind.Text:
                return new TextNode(parser.Take().Text);
            case WordKind.Dollar:
                parser.Take();
                return word.Text.StartsWith('_') ? Function(word) : ConditionRegisters.Find(word.Text) ?? throw parser.Error($"there is no register ${word.Text}");
            case WordKind.Name when word.Text is "py" or "thread":
                return Fact();
            case WordKind.Name when word.Text == "result":
                parser.Take();
                return new FactNode(ConditionFact.Result, ConditionType.Integer);
            case WordKind.Name when word.Text is "str" or "len":
                parser.Take();
                return word.Text == "str" ? new StringNode(parser.AsInteger(Argument())) : new LengthNode(parser.AsText(Argument()));
            case WordKind.Name when ConditionRegisters.Argument(word.Text) is { } argument:
                parser.Take();
                return argument;
            default:
                throw parser.Unexpected();
        }
    }

    private ConditionNode Argument()
    {
        parser.Require("(");
        ConditionNode argument = Sum();
        parser.Require(")");
        return argument;
    }

    private FactNode Fact()
    {
        string owner = parser.Take().Text;
        parser.Require(".");
        FactNode? fact = (owner, parser.Word.Kind == WordKind.Name ? parser.Word.Text : "") switch
        {
            ("py", "function") => new FactNode(ConditionFact.PythonFunction, ConditionType.Text),
            ("py", "file") => new FactNode(ConditionFact.PythonFile, ConditionType.Text),
            ("py", "line") => new FactNode(ConditionFact.PythonLine, ConditionType.Integer),
            ("py", "stack") => new FactNode(ConditionFact.PythonStack, ConditionType.Text),
            ("thread", "name") => new FactNode(ConditionFact.ThreadName, ConditionType.Text),
            ("thread", "id") => new FactNode(ConditionFact.ThreadId, ConditionType.Integer),
            _ => null,
        };
        if (fact is null)
            throw parser.Unexpected("; there are py.function, py.file, py.line, py.stack, thread.name and thread.id");
        parser.Take();
        return fact;
    }

    /// <summary>gdb's convenience functions (gdb's manual, "Convenience Functions"); those for text want addresses of C strings.</summary>
    private ConditionNode Function(ConditionWord name)
    {
        parser.Require("(");
        ConditionNode first = Sum();
        ConditionNode result;
        switch (name.Text)
        {
            case "_strlen":
                result = new LengthNode(Text(first));
                break;
            case "_regex":
                parser.Require(",");
                result = new MatchNode(Text(first), parser.Pattern());
                break;
            case "_streq":
                parser.Require(",");
                result = new ComparisonNode(Operation.Equal, Text(first), Text(Sum()));
                break;
            case "_memeq":
                parser.Require(",");
                ConditionNode second = parser.AsInteger(Sum());
                parser.Require(",");
                result = new SameBytesNode(parser.AsInteger(first), second, parser.AsInteger(Sum()));
                break;
            default:
                throw parser.Error($"${name.Text} is not known; there are $_regex, $_streq, $_strlen and $_memeq");
        }

        parser.Require(")");
        return result;
    }

    private static ConditionNode Text(ConditionNode value) => value.Type == ConditionType.Integer ? new StringNode(value) : value;

    private static Operation OperationOf(string sign) => sign switch
    {
        "+" => Operation.Add,
        "-" => Operation.Subtract,
        "*" => Operation.Multiply,
        "/" => Operation.Divide,
        "%" => Operation.Remainder,
        "&" => Operation.And,
        "|" => Operation.Or,
        "^" => Operation.Xor,
        "<<" => Operation.ShiftLeft,
        _ => Operation.ShiftRight,
    };
}

using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Control.Debugging.Values;

/// <summary>
/// Reads an expression of C and works it out, as <c>print</c> and <c>x</c> take it: numbers, registers, memory by casts, symbols, structs of CPython's. Nothing of the
/// target runs for it, but functions that it calls.
/// </summary>
public sealed class ExpressionReader
{
    // From the loosest to the tightest.
    private static readonly string[][] s_levels =
        [["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", ">", "<=", ">="], ["<<", ">>"], ["@"], ["+", "-"], ["*", "/", "%"]];

    private readonly IValueScope _scope;
    private readonly ExpressionWords _words;
    private readonly TypeWords _types;
    private readonly Operators _operators;
    private ExpressionWord _word;
    private int _depth;

    private ExpressionReader(string text, IValueScope scope)
    {
        _scope = scope;
        _words = new ExpressionWords(text);
        _types = new TypeWords(scope);
        _operators = new Operators(scope);
        _word = _words.Next();
    }

    /// <exception cref="UserError">It is no expression, names what there is not, or asks for memory that can't be read.</exception>
    public static DataValue Evaluate(string text, IValueScope scope)
    {
        var reader = new ExpressionReader(text, scope);
        DataValue value = reader.Assignment();
        return reader._word.Kind == ExpressionWordKind.End ? value : throw reader.Syntax();
    }

    /// <summary>A type alone (<c>whatis PyObject*</c>); null where the text begins with none.</summary>
    public static DataType? TypeOf(string text, IValueScope scope)
    {
        var reader = new ExpressionReader(text, scope);
        if (!reader._types.Begins(reader._word))
            return null;
        DataType type = reader.Type();
        return reader._word.Kind == ExpressionWordKind.End ? type : null;
    }

    private DataValue Assignment()
    {
        if (++_depth > Limits.ExpressionDepth)
            throw ExpressionWords.Error("The expression is nested too deeply.");
        ExpressionWord first = _word;
        DataValue left = Level(0);
        if (TryTake("="))
        {
            DataValue value = Assignment();
            _scope.Assign(first.Kind == ExpressionWordKind.Dollar && left.Register is null && left.Place is null ? left with { Symbol = "$" + first.Text } : left, value);
            left = value;
        }

        _depth--;
        return left;
    }

    private DataValue Level(int level)
    {
        if (level == s_levels.Length)
            return Unary();
        DataValue left = Level(level + 1);
        while (_word.Kind == ExpressionWordKind.Sign && Array.IndexOf(s_levels[level], _word.Text) >= 0)
        {
            string sign = Take().Text;
            left = Operators.Binary(sign, left, Level(level + 1));
        }

        return left;
    }

    private DataValue Unary()
    {
        if (++_depth > Limits.ExpressionDepth)
            throw ExpressionWords.Error("The expression is nested too deeply.");
        DataValue value = _word.Kind == ExpressionWordKind.Sign ? Signed() : Postfix(Primary());
        _depth--;
        return value;
    }

    private DataValue Signed()
    {
        switch (_word.Text)
        {
            case "*":
                Take();
                return _operators.Dereference(Unary());
            case "&":
                Take();
                return Operators.AddressOf(Unary());
            case "-" or "~" or "!" or "+":
                string sign = Take().Text;
                return Operators.Unary(sign, Unary());
            case "{":
                Take();
                DataType type = Type();
                Require("}");
                return _operators.At(type, Operators.AsAddress(Unary()));
            case "(":
                return Bracket();
            default:
                throw Syntax();
        }
    }

    private DataValue Bracket()
    {
        Take();
        if (_types.Begins(_word))
        {
            DataType type = Type();
            Require(")");
            return _operators.Cast(type, Unary());
        }

        DataValue inner = Assignment();
        Require(")");
        return Postfix(inner);
    }

    private DataValue Postfix(DataValue value)
    {
        while (true)
        {
            if (TryTake("["))
            {
                DataValue index = Assignment();
                Require("]");
                value = _operators.Dereference(Operators.Binary("+", value, index));
            }
            else if (_word.Is("->") || _word.Is("."))
            {
                Take();
                if (_word.Kind != ExpressionWordKind.Name)
                    throw Syntax();
                value = _operators.Field(value, Take().Text);
            }
            else if (_word.Is("("))
            {
                value = _scope.Call(value, Arguments());
            }
            else
            {
                return value;
            }
        }
    }

    private List<DataValue> Arguments()
    {
        var arguments = new List<DataValue>();
        Take();
        while (!_word.Is(")"))
        {
            if (arguments.Count > 0)
                Require(",");
            arguments.Add(Assignment());
        }

        Take();
        return arguments;
    }

    private DataValue Primary()
    {
        ExpressionWord word = Take();
        switch (word.Kind)
        {
            case ExpressionWordKind.Integer when word.Text[0] == '\'':
                return new DataValue(DataType.Char, word.Number);
            case ExpressionWordKind.Integer:
                return Operators.Literal(word.Number, word.Text);
            case ExpressionWordKind.Float:
                return new DataValue(new DataType("double", DataKind.Float, 8), word.Number);
            case ExpressionWordKind.Text:
                return new DataValue(DataType.Char.Pointer(), 0) { Text = word.Text };
            case ExpressionWordKind.Dollar:
                return word.Text == "_siginfo" ? SignalField() : Dollar(word.Text);
            case ExpressionWordKind.Name when word.Text == "sizeof":
                return SizeOf();
            case ExpressionWordKind.Name:
                return _scope.Symbol(word.Text) ?? throw NoSymbol(word.Text);
            default:
                throw Syntax();
        }
    }

    private DataValue SignalField()
    {
        string path = "";
        while (TryTake(".") && _word.Kind == ExpressionWordKind.Name)
            path += (path.Length == 0 ? "" : ".") + Take().Text;
        return _scope.SignalField(path) ?? throw ExpressionWords.Error(
            path.Length == 0 ? "Kaa knows single fields of $_siginfo only." : $"$_siginfo.{path} is not known.",
            "of a core: $_siginfo.si_signo, and where the signal has an address $_siginfo._sifields._sigfault.si_addr");
    }

    private DataValue SizeOf()
    {
        Require("(");
        DataType type = _types.Begins(_word) ? Type() : Assignment().Type;
        Require(")");
        return type.Size > 0
            ? new DataValue(DataType.UnsignedLong, (ulong)type.Size)
            : throw ExpressionWords.Error($"The size of {type.Name} is not known.", "Kaa knows where fields of CPython's structs lie, not where the structs end");
    }

    private DataValue Dollar(string name)
    {
        if (name.Length == 0 || name == "$")
            return _scope.History(name.Length == 0 ? 0 : -1) ?? Empty;
        if (int.TryParse(name.TrimStart('$'), out int number))
            return _scope.History(name[0] == '$' ? -number : number) ?? throw ExpressionWords.Error($"History has not yet reached ${number}.");
        if (_scope.Register(name) is { } register)
            return register;
        if (_scope.Variable(name) is { } variable)
            return variable;
        if (Kaa.Target.Arch.X64RegisterFile.SizeOf(name) is not null)
            throw ExpressionWords.Error($"The register ${name} is not known in this frame.", "info registers lists those that are");
        return name.StartsWith('_') && _word.Is("(")
            ? throw ExpressionWords.Error($"The function ${name} is known in conditions only.", "break SYMBOL if $_regex((char*) $rdi, \"…\")")
            : Empty;
    }

    private static DataValue Empty => new(DataType.Void, 0);

    private DataType Type() => _types.Read(ref _word, _words.Next);

    private ExpressionWord Take()
    {
        ExpressionWord taken = _word;
        _word = _words.Next();
        return taken;
    }

    private bool TryTake(string sign)
    {
        if (!_word.Is(sign))
            return false;
        Take();
        return true;
    }

    private void Require(string sign)
    {
        if (!TryTake(sign))
            throw Syntax();
    }

    private UserError Syntax() => ExpressionWords.Error($"A syntax error in expression, near `{_words.From(_word)}'.");

    private static UserError NoSymbol(string name) => ExpressionWords.Error(
        $"No symbol \"{name}\" in current context.", "variables of C need debug information, which Kaa does not read for values; py-print NAME is for Python's");
}

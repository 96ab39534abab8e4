using System.Text.RegularExpressions;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Control.Conditions;

/// <summary>
/// Text → condition. Kaa's own words (<c>arg0</c>, <c>str(arg0) =~ "regex"</c>, <c>py.function</c>, <c>and</c>, <c>or</c>, <c>not</c>), and gdb's: C's
/// operators, <c>$rdi</c>, <c>(char*) $rdi</c>, <c>*(int*) $rsi</c>, <c>$_regex</c>, <c>$_streq</c>, <c>$_strlen</c>, <c>$_memeq</c>.
/// </summary>
public sealed class ConditionParser
{
    private readonly ConditionScanner _scanner;
    private readonly OperandParser _operands;
    private ConditionWord _word;
    private int _depth;

    private ConditionParser(string text)
    {
        _scanner = new ConditionScanner(text);
        _operands = new OperandParser(this);
        _word = _scanner.Next();
    }

    /// <exception cref="UserError">condition: it is none, or compares what can't be compared.</exception>
    public static ConditionNode Parse(string text)
    {
        var parser = new ConditionParser(text);
        ConditionNode whole = parser.AsTruth(parser.Either());
        return parser._word.Kind == WordKind.End ? whole : throw parser.Unexpected();
    }

    internal ConditionWord Word => _word;

    internal ConditionWord Take()
    {
        ConditionWord taken = _word;
        _word = _scanner.Next();
        return taken;
    }

    internal bool TryTake(string sign)
    {
        if (!_word.Is(sign))
            return false;
        Take();
        return true;
    }

    internal void Require(string sign)
    {
        if (!TryTake(sign))
            throw Unexpected($"; '{sign}' was expected");
    }

    internal UserError Unexpected(string more = "") => _scanner.Error($"'{_word.Text}' was not expected{more}", _word.Position);

    internal UserError Error(string what) => _scanner.Error(what, _word.Position);

    internal ConditionNode AsInteger(ConditionNode value) => value.Type == ConditionType.Integer ? value : throw Error("a number is needed here");

    internal ConditionNode AsText(ConditionNode value) =>
        value.Type == ConditionType.Text ? value : throw Error("a text is needed here; str(arg0) is the one at an address");

    /// <summary>The whole, or what stands in brackets.</summary>
    internal ConditionNode Either()
    {
        Enter();
        ConditionNode left = Both();
        while (_word.IsName("or") || _word.Is("||"))
        {
            Take();
            left = new OrNode(AsTruth(left), AsTruth(Both()));
        }

        Leave();
        return left;
    }

    /// <summary>Called around whatever may hold itself: a condition must not fill the stack.</summary>
    internal void Enter()
    {
        if (++_depth > Limits.ExpressionDepth)
            throw Error("the condition is nested too deeply");
    }

    internal void Leave() => _depth--;

    private ConditionNode Both()
    {
        ConditionNode left = Negated();
        while (_word.IsName("and") || _word.Is("&&"))
        {
            Take();
            left = new AndNode(AsTruth(left), AsTruth(Negated()));
        }

        return left;
    }

    private ConditionNode Negated()
    {
        int count = 0;
        while (_word.IsName("not") || _word.Is("!"))
        {
            Take();
            count++;
        }

        ConditionNode value = Comparison();
        return count == 0 ? value : count % 2 == 0 ? AsTruth(value) : new NotNode(AsTruth(value));
    }

    private ConditionNode Comparison()
    {
        ConditionNode left = _operands.Sum();
        if (_word.Is("=~") || _word.Is("!~"))
        {
            bool isNegated = Take().Text == "!~";
            ConditionNode match = new MatchNode(AsText(left), Pattern());
            return isNegated ? new NotNode(match) : match;
        }

        Operation? operation = _word.Kind == WordKind.Sign ? OperationOf(_word.Text) : null;
        if (operation is not { } known)
            return left;
        Take();
        ConditionNode right = _operands.Sum();
        if (left.Type == ConditionType.Truth || left.Type != right.Type)
            throw Error("a text and a number, or the results of other comparisons, can't be compared");
        return new ComparisonNode(known, left, right);
    }

    /// <summary>One that takes longer than <see cref="Limits.PatternTime"/> on a text can't be told there.</summary>
    internal Regex Pattern()
    {
        if (_word.Kind != WordKind.Text)
            throw Unexpected("; a regular expression in quotes was expected");
        string pattern = Take().Text;
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, Limits.PatternTime);
        }
        catch (ArgumentException e)
        {
            throw Error($"'{pattern}' is no regular expression that can be used here: {e.Message}");
        }
    }

    /// <summary>As in C, a number is true where it is not 0.</summary>
    private ConditionNode AsTruth(ConditionNode value) => value.Type switch
    {
        ConditionType.Truth => value,
        ConditionType.Integer => new ComparisonNode(Operation.NotEqual, value, new IntegerNode(0)),
        _ => throw Error("a text alone is no condition"),
    };

    private static Operation? OperationOf(string sign) => sign switch
    {
        "==" => Operation.Equal,
        "!=" => Operation.NotEqual,
        "<" => Operation.Less,
        "<=" => Operation.LessOrEqual,
        ">" => Operation.Greater,
        ">=" => Operation.GreaterOrEqual,
        _ => null,
    };
}

using System.Numerics;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Python.Evaluation;

/// <summary>Text → expression.</summary>
public sealed class ExpressionParser
{
    private readonly ExpressionScanner _scanner;
    private Token _token;
    private int _depth;

    private ExpressionParser(string text)
    {
        _scanner = new ExpressionScanner(text);
        _token = _scanner.Next();
    }

    /// <exception cref="UserError">expression: it is none, or asks for what can't be read.</exception>
    public static PyExpression Parse(string text)
    {
        var parser = new ExpressionParser(text);
        PyExpression whole = parser.Value();
        return parser._token.Kind == TokenKind.End ? whole : throw parser.Unexpected();
    }

    private PyExpression Value()
    {
        if (++_depth > Limits.ExpressionDepth)
            throw _scanner.Error("the expression is nested too deeply", _token.Position);
        PyExpression value = IsPunctuation("*") ? Object() : IsPunctuation("-") ? Negative() : Primary();
        while (true)
        {
            if (IsPunctuation("."))
                value = new AttributeExpression(value, NameBehindPoint());
            else if (IsPunctuation("["))
                value = Subscript(value);
            else if (IsPunctuation("("))
                throw _scanner.Error("a call would run code in the target", _token.Position);
            else
                break;
        }

        _depth--;
        return value;
    }

    /// <summary>Binds more tightly than a point: <c>*0x7f….name</c> is an attribute of the object.</summary>
    private ObjectExpression Object()
    {
        Take();
        return new ObjectExpression(Primary());
    }

    private NumberExpression Negative()
    {
        Take();
        if (_token.Kind != TokenKind.Number)
            throw Unexpected();
        return new NumberExpression(-Take().Number);
    }

    private PyExpression Primary()
    {
        switch (_token.Kind)
        {
            case TokenKind.Number:
                return new NumberExpression(Take().Number);
            case TokenKind.Text:
                return new TextExpression(Take().Text);
            case TokenKind.Register:
                return new RegisterExpression(Take().Text);
            case TokenKind.Name:
                string name = Take().Text;
                return name is "len" or "type" && IsPunctuation("(") ? Function(name) : new NameExpression(name);
            case TokenKind.Punctuation when _token.Text == "(":
                Take();
                PyExpression inner = Value();
                Require(")");
                return inner;
            default:
                throw Unexpected();
        }
    }

    private PyExpression Function(string name)
    {
        Take();
        PyExpression argument = Value();
        Require(")");
        return name == "len" ? new LengthExpression(argument) : new TypeExpression(argument);
    }

    private string NameBehindPoint()
    {
        Take();
        return _token.Kind == TokenKind.Name ? Take().Text : throw Unexpected();
    }

    private PyExpression Subscript(PyExpression owner)
    {
        Take();
        PyExpression? first = IsPunctuation(":") ? null : Value();
        if (first is not null && IsPunctuation("]"))
        {
            Take();
            return new ItemExpression(owner, first);
        }

        Require(":");
        PyExpression? stop = IsPunctuation(":") || IsPunctuation("]") ? null : Value();
        PyExpression? step = null;
        if (IsPunctuation(":"))
        {
            Take();
            step = IsPunctuation("]") ? null : Value();
        }

        Require("]");
        return new SliceExpression(owner, first, stop, step);
    }

    private bool IsPunctuation(string text) => _token.Kind == TokenKind.Punctuation && _token.Text == text;

    private void Require(string text)
    {
        if (!IsPunctuation(text))
            throw Unexpected($"; '{text}' was expected");
        Take();
    }

    private Token Take()
    {
        Token taken = _token;
        _token = _scanner.Next();
        return taken;
    }

    private UserError Unexpected(string more = "") => _scanner.Error($"'{_token.Text}' was not expected{more}", _token.Position);
}

using System.Numerics;

namespace Kaa.Python.Evaluation;

/// <summary>
/// An expression that a person asks about the objects of a target, in Python's own words as far as reading alone can answer them: names,
/// attributes, items, slices, <c>len()</c>, <c>type()</c>, and <c>*ADDRESS</c> or <c>$register</c> for an object by its address.
/// </summary>
public abstract record PyExpression;

internal sealed record NameExpression(string Name) : PyExpression;

internal sealed record NumberExpression(BigInteger Value) : PyExpression;

internal sealed record TextExpression(string Value) : PyExpression;

internal sealed record RegisterExpression(string Name) : PyExpression;

/// <summary>The object at an address.</summary>
internal sealed record ObjectExpression(PyExpression Address) : PyExpression;

internal sealed record AttributeExpression(PyExpression Owner, string Name) : PyExpression;

internal sealed record ItemExpression(PyExpression Owner, PyExpression Index) : PyExpression;

/// <summary>Null for what was left out.</summary>
internal sealed record SliceExpression(PyExpression Owner, PyExpression? Start, PyExpression? Stop, PyExpression? Step) : PyExpression;

internal sealed record LengthExpression(PyExpression Value) : PyExpression;

internal sealed record TypeExpression(PyExpression Value) : PyExpression;

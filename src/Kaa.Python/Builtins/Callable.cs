using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Python.Builtins;

/// <summary>An object that may be called, as far as naming C functions needs it.</summary>
/// <param name="IsCallable">False for an object that surely can't be called; true where it is not known.</param>
/// <param name="Frame">The C function that a call of it is in; null for Python's functions, classes and whatever leads to them.</param>
/// <param name="Owner">For a method that was not bound: the type that it belongs to; else null address.</param>
internal sealed record Callable(bool IsCallable, BuiltinFrame? Frame, Address Owner)
{
    public static readonly Callable No = new(false, null, Address.Null);

    /// <summary>Python code, or not known.</summary>
    public static readonly Callable Other = new(true, null, Address.Null);
}

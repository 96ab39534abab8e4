using Kaa.Formats;
using Kaa.Target;

namespace Kaa.Python.Discovery;

/// <summary>What lies at a place where CPython's state may begin.</summary>
internal enum CandidateKind
{
    /// <summary><c>_PyRuntime</c> (3.7+).</summary>
    Runtime,

    /// <summary>The static variable <c>interp_head</c> (2.7, 3.6).</summary>
    InterpreterHead,

    /// <summary>Some word that points to an interpreter: <c>interp_head</c>, <c>interpreters.head</c> of a <c>_PyRuntime</c>, or any other.</summary>
    PointerToInterpreter,
}

/// <param name="Module">The image it lies in; null where it lies in none.</param>
internal readonly record struct RuntimeCandidate(CandidateKind Kind, Address Address, Module? Module);

using Kaa.Formats;

namespace Kaa.Python.Stack;

/// <summary>Where the list of interpreters begins.</summary>
/// <param name="Head">Address of the pointer to the newest interpreter: in <c>_PyRuntime</c>, or <c>interp_head</c> up to 3.6.</param>
/// <param name="Runtime">Of <c>_PyRuntime</c>; null address up to 3.6.</param>
/// <param name="CurrentThread">Of <c>_PyThreadState_Current</c> (2.7, 3.6), which is null while nobody holds the GIL; null address where not known.</param>
/// <param name="Finalizing">Of <c>_Py_Finalizing</c> (3.6); null address where not known.</param>
public readonly record struct InterpreterRoot(Address Head, Address Runtime, Address CurrentThread, Address Finalizing);

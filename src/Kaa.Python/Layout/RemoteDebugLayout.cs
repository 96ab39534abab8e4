namespace Kaa.Python.Layout;

/// <summary>
/// What a thread state has for scripts that others ask it to run (PEP 768, 3.14+); offsets from the <c>PyThreadState</c>.
/// </summary>
/// <param name="eval_breaker">A word of flags that the eval function looks at between instructions.</param>
/// <param name="debugger_pending_call">An int, 1 while a script waits.</param>
/// <param name="debugger_script_path">Where its path is written, with a NUL.</param>
/// <param name="debugger_script_path_size">Bytes that there are for it.</param>
public sealed record RemoteDebugLayout(int eval_breaker, int debugger_pending_call, int debugger_script_path, int debugger_script_path_size)
{
    /// <summary><c>_PY_EVAL_PLEASE_STOP_BIT</c>, Include/internal/pycore_ceval.h.</summary>
    public const ulong PleaseStop = 1 << 5;
}

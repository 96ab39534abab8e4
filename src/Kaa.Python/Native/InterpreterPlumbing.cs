namespace Kaa.Python.Native;

/// <summary>
/// Functions of CPython that only carry a call from one place to another: from Python to Python, from Python to a C function, from C to Python; and
/// those in which a program or a thread begins. All names are CPython's own, 2.7 to 3.15; what was once inlined or static may be met too.
/// </summary>
public static class InterpreterPlumbing
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        // Python/ceval.c, Python/generated_cases.c.h
        "PyEval_EvalCode", "PyEval_EvalCodeEx", "PyEval_EvalFrame", "PyEval_EvalFrameEx", "_PyEval_EvalCode", "_PyEval_EvalCodeWithName",
        "_PyEval_EvalFrame", "_PyEval_EvalFrameDefault", "_PyEval_Vector", "PyEval_CallObjectWithKeywords", "PyEval_CallFunction", "PyEval_CallMethod",
        "call_function", "fast_function", "do_call", "do_call_core", "ext_do_call", "trace_call_function", "load_args", "_PyEvalFramePushAndInit",
        "_PyEval_CallTailCall", "_PyJIT_Entry", "jit_executor", "cfunction_call_varargs",

        // Objects/call.c and its predecessors
        "PyObject_Call", "PyObject_CallFunction", "PyObject_CallFunctionObjArgs", "PyObject_CallMethod", "PyObject_CallMethodObjArgs", "PyObject_CallNoArgs",
        "PyObject_CallObject", "PyObject_CallOneArg", "PyObject_Vectorcall", "PyObject_VectorcallDict", "PyObject_VectorcallMethod", "PyVectorcall_Call",
        "PyVectorcall_Function", "_PyVectorcall_Call", "_PyVectorcall_FunctionInline", "_PyFunction_Vectorcall", "_PyFunction_FastCall",
        "_PyFunction_FastCallDict", "_PyFunction_FastCallKeywords", "_PyStack_AsDict", "function_code_fastcall", "object_vacall", "callmethod",
        "call_method", "call_maybe", "vectorcall_method", "vectorcall_maybe", "vectorcall_unbound", "call_unbound", "call_unbound_noarg",

        // Objects: functions, methods, types, descriptors
        "PyCFunction_Call", "PyCFunction_FastCallKeywords", "cfunction_call", "function_call", "instance_call", "instancemethod_call", "method_call",
        "method_vectorcall", "methoddescr_call", "classmethoddescr_call", "wrapper_call", "wrapperdescr_call", "wrapperdescr_raw_call",
        "wrapper_vectorcall", "type_call", "type_vectorcall", "builtin_vectorcall", "_PyObject_FastCall_Prepend", "_PyType_CallSlot",

        // Objects/genobject.c: a generator, a coroutine that is resumed
        "gen_send_ex", "gen_send_ex2", "gen_iternext", "gen_send", "_PyGen_Send", "PyGen_am_send", "PyIter_Send", "PyIter_NextItem", "_PyGen_SendNoError",
        "coro_wrapper_send", "coro_wrapper_iternext", "gen_throw", "_gen_throw", "async_gen_asend_send", "async_gen_asend_iternext",

        // Where threads, programs and code strings begin: Modules/_threadmodule.c, Modules/main.c, Python/pythonrun.c
        "t_bootstrap", "thread_run", "pythread_wrapper", "Py_Main", "Py_BytesMain", "Py_RunMain", "run_eval_code_obj", "run_mod", "run_file", "run_command",
        "run_node", "main_run_python", "main", "_start", "__libc_start_main", "__libc_start_call_main", "__libc_start_main_impl", "_start_c", "libc_start_main_stage2",
    };

    private static readonly string[] Prefixes =
    [
        "_PyObject_Call", "_PyObject_FastCall", "_PyObject_Vectorcall", "_PyObject_MakeTpCall", "_PyMethodDef_RawFastCall", "_PyMethodDescr_",
        "_PyCFunction_", "_PyCFunctionFast", "cfunction_vectorcall_", "method_vectorcall_", "slot_tp_", "slot_nb_", "slot_sq_", "slot_mp_", "slot_am_", "slot_bf_",
        "wrap_", "pymain_", "PyRun_", "_PyRun_", "pyrun_", "_TAIL_CALL_", "_PyTailCall_", "_PyEval_Frame",
    ];

    /// <summary>Where the C library begins a thread.</summary>
    private static readonly HashSet<string> ThreadStarts = new(StringComparer.Ordinal)
    {
        "start_thread", "start", "clone", "clone3", "__clone", "__clone3", "__GI___clone", "__GI___clone3", "thread_start",
    };

    public static bool Carries(string function)
    {
        ReadOnlySpan<char> name = Bare(function);
        if (Names.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name))
            return true;
        foreach (string prefix in Prefixes)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    /// <summary>What the C library calls to run a program or a thread.</summary>
    public static bool IsFirstOfItsOwn(string function) =>
        function is "main" or "Py_Main" or "Py_BytesMain" or "pythread_wrapper" or "t_bootstrap" or "thread_run";

    public static bool BeginsThread(string function) => ThreadStarts.Contains(function);

    /// <summary>Without what compilers add: .cold, .constprop.0, .isra.0, .part.0, .lto_priv.0; and the linker: @plt.</summary>
    private static ReadOnlySpan<char> Bare(string function)
    {
        int end = function.AsSpan().IndexOfAny('.', '@');
        return end > 0 ? function.AsSpan(0, end) : function;
    }
}

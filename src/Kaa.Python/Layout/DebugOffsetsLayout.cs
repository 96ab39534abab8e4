using Kaa.Results;

namespace Kaa.Python.Layout;

/// <summary>
/// A layout from the target's own table. What the table lacks is taken from our table of that version, moved by as much as
/// a neighbouring field moved.
/// </summary>
internal static class DebugOffsetsLayout
{
    /// <param name="offsets">Checked.</param>
    /// <param name="pattern">Our own table for the version, with heads of the build's size.</param>
    public static PyLayout Overlay(DebugOffsets offsets, PyLayout pattern) => pattern with
    {
        Source = LayoutSource.DebugOffsets,
        Runtime = Runtime(offsets, pattern.Runtime),
        Gil = Gil(offsets),
        Interpreter = Interpreter(offsets, pattern.Interpreter),
        Thread = Thread(offsets, pattern.Thread),
        Frame = Frame(offsets, pattern.Frame),
        Code = Code(offsets, pattern.Code),
        RemoteDebug = RemoteDebug(offsets),
    };

    /// <summary>PEP 768: a thread state has a structure with a flag and a path (3.14+).</summary>
    private static RemoteDebugLayout? RemoteDebug(DebugOffsets offsets)
    {
        int support = offsets.Optional("debugger_support.remote_debugger_support");
        if (support == Offset.Absent)
            return null;
        return new RemoteDebugLayout(
            offsets["debugger_support.eval_breaker"],
            support + offsets["debugger_support.debugger_pending_call"],
            support + offsets["debugger_support.debugger_script_path"],
            offsets["debugger_support.debugger_script_path_size"]);
    }

    private static RuntimeLayout Runtime(DebugOffsets offsets, RuntimeLayout pattern)
    {
        int head = offsets["runtime_state.interpreters_head"];
        return pattern with
        {
            interpreters_head = head,
            finalizing = offsets["runtime_state.finalizing"],
            initialized = offsets["runtime_state.finalizing"] + pattern.initialized - pattern.finalizing,
            main_thread = head + pattern.main_thread - pattern.interpreters_head,
        };
    }

    private static GilLayout Gil(DebugOffsets offsets)
    {
        int gil = offsets["interpreter_state.gil_runtime_state"];
        return new GilLayout
        {
            last_holder = offsets["interpreter_state.gil_runtime_state_holder"] - gil,
            locked = offsets["interpreter_state.gil_runtime_state_locked"] - gil,
            enabled = offsets.FreeThreaded ? offsets["interpreter_state.gil_runtime_state_enabled"] : Offset.Absent,
        };
    }

    private static InterpreterLayout Interpreter(DebugOffsets offsets, InterpreterLayout pattern)
    {
        int collector = offsets["interpreter_state.gc"];
        int frame = offsets.Optional("gc.frame");
        return pattern with
        {
            next = offsets["interpreter_state.next"],
            id = offsets["interpreter_state.id"],
            threads_head = offsets["interpreter_state.threads_head"],
            runtime = Offset.Absent,
            modules = offsets["interpreter_state.imports_modules"],
            sysdict = offsets["interpreter_state.sysdict"],
            builtins = offsets["interpreter_state.builtins"],
            gc_collecting = collector + offsets["gc.collecting"],
            gc_frame = frame == Offset.Absent ? Offset.Absent : collector + frame,
            ceval_gil = offsets["interpreter_state.ceval_gil"],
            remote_debug = offsets.Optional("debugger_support.remote_debugging_enabled"),
        };
    }

    private static ThreadStateLayout Thread(DebugOffsets offsets, ThreadStateLayout pattern)
    {
        int ident = offsets["thread_state.thread_id"];
        int status = offsets["thread_state.status"];
        return (pattern with
        {
            prev = offsets["thread_state.prev"],
            next = offsets["thread_state.next"],
            interp = offsets["thread_state.interp"],
            current_frame = offsets["thread_state.current_frame"],
            base_frame = offsets.Optional("thread_state.base_frame"),
            thread_id = ident,
            native_thread_id = offsets["thread_state.native_thread_id"],
            datastack_chunk = offsets["thread_state.datastack_chunk"],
            tracing = offsets["thread_state.current_frame"] + pattern.tracing - pattern.current_frame,
            dict = ident + pattern.dict - pattern.thread_id,
            state = status + pattern.state - pattern.status,
            status = status,
        }).WithExtent();
    }

    private static FrameLayout Frame(DebugOffsets offsets, FrameLayout pattern)
    {
        int instruction = offsets["interpreter_frame.instr_ptr"];
        return pattern with
        {
            f_executable = offsets["interpreter_frame.executable"],
            previous = offsets["interpreter_frame.previous"],
            f_funcobj = instruction + pattern.f_funcobj - pattern.instr_ptr,
            f_globals = instruction + pattern.f_globals - pattern.instr_ptr,
            f_locals = instruction + pattern.f_locals - pattern.instr_ptr,
            frame_obj = instruction + pattern.frame_obj - pattern.instr_ptr,
            instr_ptr = instruction,
            stackpointer = offsets.Optional("interpreter_frame.stackpointer"),
            tlbc_index = offsets.FreeThreaded ? offsets.Optional("interpreter_frame.tlbc_index") : Offset.Absent,
            owner = offsets["interpreter_frame.owner"],
            localsplus = offsets["interpreter_frame.localsplus"],
        };
    }

    private static CodeLayout Code(DebugOffsets offsets, CodeLayout pattern)
    {
        int byNumbers = offsets["code_object.firstlineno"] - pattern.co_firstlineno;
        int byPointers = offsets["code_object.linetable"] - pattern.co_linetable;
        return pattern with
        {
            co_argcount = offsets["code_object.argcount"],
            co_kwonlyargcount = pattern.co_kwonlyargcount + byNumbers,
            co_nlocals = pattern.co_nlocals + byNumbers,
            co_stacksize = pattern.co_stacksize + byNumbers,
            co_flags = pattern.co_flags + byNumbers,
            co_firstlineno = offsets["code_object.firstlineno"],
            co_names = pattern.co_names + byNumbers,
            co_nlocalsplus = pattern.co_nlocalsplus + byNumbers,
            co_localsplusnames = offsets["code_object.localsplusnames"],
            co_localspluskinds = offsets["code_object.localspluskinds"],
            co_filename = offsets["code_object.filename"],
            co_name = offsets["code_object.name"],
            co_qualname = offsets["code_object.qualname"],
            co_linetable = offsets["code_object.linetable"],
            co_exceptiontable = pattern.co_exceptiontable + byNumbers,
            _co_monitoring = pattern._co_monitoring + byPointers,
            _co_firsttraceable = pattern._co_firsttraceable + byPointers,
            co_code_adaptive = offsets["code_object.co_code_adaptive"],
            co_tlbc = offsets.FreeThreaded ? offsets.Optional("code_object.co_tlbc") : Offset.Absent,
            Extent = offsets["code_object.co_code_adaptive"],
        };
    }
}

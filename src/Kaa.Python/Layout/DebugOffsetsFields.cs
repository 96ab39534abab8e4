namespace Kaa.Python.Layout;

/// <summary>
/// The order of the fields of <c>_Py_DebugOffsets</c>, each 8 bytes, behind cookie, version and <c>free_threaded</c>: one line a
/// section. Include/internal/pycore_runtime.h (3.13), pycore_debug_offsets.h (3.14+). The order is fixed within a minor version.
/// <c>name:4</c> says that what lies at that offset is 4 bytes wide (8 without); <c>name=</c> that the number is a size, not an offset.
/// </summary>
internal static class DebugOffsetsFields
{
    public const string V313 = """
        runtime_state size= finalizing interpreters_head
        interpreter_state size= id next threads_head gc:4 imports_modules sysdict builtins ceval_gil gil_runtime_state gil_runtime_state_enabled:4 gil_runtime_state_locked:4 gil_runtime_state_holder
        thread_state size= prev next interp current_frame thread_id native_thread_id datastack_chunk status:4
        interpreter_frame size= previous executable instr_ptr localsplus owner:1
        code_object size= filename name qualname linetable firstlineno:4 argcount:4 localsplusnames localspluskinds co_code_adaptive:1
        pyobject size= ob_type
        type_object size= tp_name tp_repr tp_flags
        tuple_object size= ob_item ob_size
        list_object size= ob_item ob_size
        dict_object size= ma_keys ma_values
        float_object size= ob_fval
        long_object size= lv_tag ob_digit:4
        bytes_object size= ob_size ob_sval:1
        unicode_object size= state:4 length asciiobject_size=
        gc size= collecting:4
        """;

    /// <summary>Fixed from 3.14.0rc1 on.</summary>
    public const string V314 = """
        runtime_state size= finalizing interpreters_head
        interpreter_state size= id next threads_head threads_main gc:4 imports_modules sysdict builtins ceval_gil gil_runtime_state gil_runtime_state_enabled:4 gil_runtime_state_locked:4 gil_runtime_state_holder code_object_generation tlbc_generation:4
        thread_state size= prev next interp current_frame thread_id native_thread_id datastack_chunk status:4
        interpreter_frame size= previous executable instr_ptr localsplus owner:1 stackpointer tlbc_index:4
        code_object size= filename name qualname linetable firstlineno:4 argcount:4 localsplusnames localspluskinds co_code_adaptive:1 co_tlbc
        pyobject size= ob_type
        type_object size= tp_name tp_repr tp_flags
        tuple_object size= ob_item ob_size
        list_object size= ob_item ob_size
        set_object size= used table mask
        dict_object size= ma_keys ma_values
        float_object size= ob_fval
        long_object size= lv_tag ob_digit:4
        bytes_object size= ob_size ob_sval:1
        unicode_object size= state:4 length asciiobject_size=
        gc size= collecting:4
        gen_object size= gi_name gi_iframe gi_frame_state:1
        llist_node next prev
        debugger_support eval_breaker remote_debugger_support:4 remote_debugging_enabled:4 debugger_pending_call:4 debugger_script_path:1 debugger_script_path_size=
        """;

    /// <summary>Fixed from 3.15.0b4 on, which added <c>last_profiled_frame_seq</c>.</summary>
    public const string V315 = """
        runtime_state size= finalizing interpreters_head
        interpreter_state size= id next threads_head threads_main gc:4 imports_modules sysdict builtins ceval_gil gil_runtime_state gil_runtime_state_enabled:4 gil_runtime_state_locked:4 gil_runtime_state_holder code_object_generation tlbc_generation:4
        thread_state size= prev next interp current_frame base_frame last_profiled_frame last_profiled_frame_seq thread_id native_thread_id datastack_chunk status:4 holds_gil:4 gil_requested:4 current_exception exc_state
        err_stackitem exc_value
        interpreter_frame size= previous executable instr_ptr localsplus owner:1 stackpointer tlbc_index:4
        code_object size= filename name qualname linetable firstlineno:4 argcount:4 localsplusnames localspluskinds co_code_adaptive:1 co_tlbc
        pyobject size= ob_type
        type_object size= tp_name tp_repr tp_flags tp_basicsize tp_dictoffset
        heap_type_object size= ht_cached_keys
        tuple_object size= ob_item ob_size
        list_object size= ob_item ob_size
        set_object size= used table mask
        dict_object size= ma_keys ma_values
        float_object size= ob_fval
        long_object size= lv_tag ob_digit:4
        bytes_object size= ob_size ob_sval:1
        unicode_object size= state:4 length asciiobject_size= compactunicodeobject_size=
        gc size= collecting:4 frame generation_stats_size= generation_stats
        gen_object size= gi_name gi_iframe gi_frame_state:1
        llist_node next prev
        debugger_support eval_breaker remote_debugger_support:4 remote_debugging_enabled:4 debugger_pending_call:4 debugger_script_path:1 debugger_script_path_size=
        """;
}

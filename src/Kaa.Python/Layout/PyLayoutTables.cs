namespace Kaa.Python.Layout;

// One table a version, each showing only what changed since the one before; x86-64. `o` is the size of an object's head, so that
// every table serves all flavours of its version. Read from the DWARF of 2.7.18, 3.6.15, 3.7.16, 3.8.18, 3.9.18, 3.10.13, 3.11.7, 3.12.1
// and 3.13.0; none of these fields moved between the first and last release of a minor version (git diff of the headers, v3.N.0 to
// the last tag). From 3.13 on the target's own table (DebugOffsets) replaces most of it, and ours is the pattern for the rest; 3.14
// and 3.15 from the DWARF of Debian's debug builds.
public sealed partial record PyLayout
{
    internal static PyLayout V27(int o) => new()
    {
        HeadSize = o,
        Runtime = new(),
        Gil = new(),
        Interpreter = new() { next = 0, threads_head = 8, modules = 16, sysdict = 24, builtins = 32 },
        Thread = new() { next = 0, interp = 8, frame = 16, tracing = 28, dict = 120, thread_id = 144, Extent = 152 },
        CFrame = new(),
        StackChunk = new(),
        Frame = new(),
        FrameObject = new()
        {
            f_back = o + 8,
            f_code = o + 16,
            f_globals = o + 32,
            f_locals = o + 40,
            f_valuestack = o + 48,
            f_trace = o + 64,
            f_lasti = o + 104,
            f_lineno = o + 108,
            f_iblock = o + 112,
            f_blockstack = o + 116,
            f_localsplus = o + 360,
        },
        Code = new()
        {
            co_argcount = o,
            co_nlocals = o + 4,
            co_stacksize = o + 8,
            co_flags = o + 12,
            co_code = o + 16,
            co_names = o + 32,
            co_varnames = o + 40,
            co_freevars = o + 48,
            co_cellvars = o + 56,
            co_filename = o + 64,
            co_name = o + 72,
            co_firstlineno = o + 80,
            co_linetable = o + 88,
            Extent = o + 96,
        },
        Callable = new() { func_code = o, m_ml = o, m_self = o + 8, m_module = o + 16, d_type = o, d_method = o + 16, im_func = o, im_self = o + 8 },
    };

    internal static PyLayout V36(int o) => V27(o) with
    {
        FrameObject = V27(o).FrameObject with { f_gen = o + 96, f_executing = o + 116, f_blockstack = o + 120 },
        Interpreter = new() { next = 0, threads_head = 8, modules = 16, sysdict = 32, builtins = 40 },
        Thread = new() { prev = 0, next = 8, interp = 16, frame = 24, tracing = 40, dict = 128, thread_id = 152, Extent = 160 },
        Code = new()
        {
            co_argcount = o,
            co_kwonlyargcount = o + 4,
            co_nlocals = o + 8,
            co_stacksize = o + 12,
            co_flags = o + 16,
            co_firstlineno = o + 20,
            co_code = o + 24,
            co_names = o + 40,
            co_varnames = o + 48,
            co_freevars = o + 56,
            co_cellvars = o + 64,
            co_filename = o + 80,
            co_name = o + 88,
            co_linetable = o + 96,
            Extent = o + 104,
        },
        Callable = V27(o).Callable with { func_qualname = o + 88, d_method = o + 24 },
    };

    internal static PyLayout V37(int o) => V36(o) with
    {
        Runtime = new() { initialized = 0, finalizing = 8, interpreters_head = 24, main_thread = 720, ceval_gil = 1264, gc_collecting = 632 },
        Gil = new() { last_holder = 8, locked = 16 },
        Interpreter = new() { next = 0, threads_head = 8, id = 16, modules = 40, sysdict = 56, builtins = 64 },
        Thread = new() { prev = 0, next = 8, interp = 16, frame = 24, tracing = 44, dict = 152, thread_id = 176, Extent = 184 },
        FrameObject = V36(o).FrameObject with
        {
            f_trace_lines = o + 72, f_gen = o + 80, f_lasti = o + 88, f_lineno = o + 92, f_iblock = o + 96, f_executing = o + 100, f_blockstack = o + 104, f_localsplus = o + 344,
        },
    };

    internal static PyLayout V38(int o) => V37(o) with
    {
        Runtime = new() { initialized = 12, finalizing = 16, interpreters_head = 32, main_thread = 72, ceval_gil = 1152, gc_collecting = 544 },
        Interpreter = new() { next = 0, threads_head = 8, id = 16, modules = 56, sysdict = 72, builtins = 80 },
        Code = new()
        {
            co_argcount = o,
            co_kwonlyargcount = o + 8,
            co_nlocals = o + 12,
            co_stacksize = o + 16,
            co_flags = o + 20,
            co_firstlineno = o + 24,
            co_code = o + 32,
            co_names = o + 48,
            co_varnames = o + 56,
            co_freevars = o + 64,
            co_cellvars = o + 72,
            co_filename = o + 88,
            co_name = o + 96,
            co_linetable = o + 104,
            Extent = o + 112,
        },
    };

    internal static PyLayout V39(int o) => V38(o) with
    {
        Runtime = new() { initialized = 12, finalizing = 16, interpreters_head = 32, main_thread = 72, ceval_gil = 352 },
        Interpreter = new()
        {
            next = 0, threads_head = 8, runtime = 16, id = 24, gc_collecting = 816, modules = 856, sysdict = 872, builtins = 880,
        },
    };

    internal static PyLayout V310(int o) => V39(o) with
    {
        FrameObject = V39(o).FrameObject with 
        {
            f_trace = o + 56, f_trace_lines = o + 68, f_gen = o + 72, f_executing = Offset.Absent, f_lasti = o + 80, f_lineno = o + 84, f_iblock = o + 88, f_blockstack = o + 96, f_localsplus = o + 336,
        },
        Callable = V39(o).Callable with { func_code = o + 32, func_qualname = o + 24 },
    };

    internal static PyLayout V311(int o) => V310(o) with
    {
        Runtime = new() { initialized = 16, finalizing = 24, interpreters_head = 40, main_thread = 80, ceval_gil = 360 },
        Interpreter = new()
        {
            next = 0, threads_head = 16, runtime = 40, id = 48, gc_collecting = 848, modules = 888, sysdict = 904, builtins = 912,
        },
        Thread = new()
        {
            prev = 0, next = 8, interp = 16, tracing = 44, cframe = 56, dict = 128, thread_id = 152, native_thread_id = 160, datastack_chunk = 296, Extent = 304,
        },
        CFrame = new() { current_frame = 8, previous = 16 },
        StackChunk = new() { previous = 0, size = 8, data = 24 },
        Frame = new()
        {
            f_funcobj = 0, f_globals = 8, f_locals = 24, f_executable = 32, frame_obj = 40, previous = 48, instr_ptr = 56, is_entry = 68,
            owner = 69, localsplus = 72,
        },
        FrameObject = new() { f_trace = o + 16, f_lineno = o + 24 },
        Code = new()
        {
            co_names = o + 16,
            co_exceptiontable = o + 24,
            co_flags = o + 32,
            co_argcount = o + 40,
            co_kwonlyargcount = o + 48,
            co_stacksize = o + 52,
            co_firstlineno = o + 56,
            co_nlocalsplus = o + 60,
            co_nlocals = o + 64,
            co_localsplusnames = o + 80,
            co_localspluskinds = o + 88,
            co_filename = o + 96,
            co_name = o + 104,
            co_qualname = o + 112,
            co_linetable = o + 120,
            _co_firsttraceable = o + 152,
            co_code_adaptive = o + 168,
            Extent = o + 168,
        },
    };

    internal static PyLayout V312(int o) => V311(o) with
    {
        Runtime = new() { initialized = 16, finalizing = 24, interpreters_head = 40, main_thread = 64 },
        Interpreter = new()
        {
            next = 0, id = 8, threads_head = 72, runtime = 96, gc_collecting = 312, sysdict = 352, builtins = 360, ceval_gil = 384, modules = 944,
        },
        Thread = new()
        {
            prev = 0, next = 8, interp = 16, status = 24, tracing = 44, cframe = 56, dict = 112, thread_id = 136, native_thread_id = 144, datastack_chunk = 232, Extent = 240,
        },
        CFrame = new() { current_frame = 0, previous = 8 },
        Frame = new()
        {
            f_executable = 0, previous = 8, f_funcobj = 16, f_globals = 24, f_locals = 40, frame_obj = 48, instr_ptr = 56, owner = 70,
            localsplus = 72,
        },
        Code = V311(o).Code with
        {
            co_argcount = o + 36,
            co_kwonlyargcount = o + 44,
            co_stacksize = o + 48,
            co_firstlineno = o + 52,
            co_nlocalsplus = o + 56,
            _co_monitoring = o + 152,
            _co_firsttraceable = o + 160,
            co_code_adaptive = o + 176,
            Extent = o + 176,
        },
    };

    internal static PyLayout V313(int o) => V312(o) with
    {
        Runtime = new() { initialized = 600, finalizing = 608, interpreters_head = 632, main_thread = 656 },
        Interpreter = new()
        {
            ceval_gil = 16, next = 7264, id = 7272, threads_head = 7344, runtime = 7376, gc_collecting = 7600, sysdict = 7640, builtins = 7648,
            modules = 7656,
        },
        Thread = new()
        {
            prev = 0, next = 8, interp = 16, status = 32, state = 40, tracing = 60, current_frame = 72, dict = 128, thread_id = 152, native_thread_id = 160,
            datastack_chunk = 232, Extent = 240,
        },
        CFrame = new(),
        Code = V312(o).Code with { _co_monitoring = o + 160, _co_firsttraceable = o + 168, co_code_adaptive = o + 184, Extent = o + 184 },
    };

    internal static PyLayout V314(int o) => V313(o) with
    {
        Thread = V313(o).Thread with { state = 44 },
        Frame = V313(o).Frame with { stackpointer = 64, owner = 74, localsplus = 80 },
        Code = V313(o).Code with { _co_firsttraceable = o + 176, co_code_adaptive = o + 192, Extent = o + 192 },
    };

    internal static PyLayout V315(int o) => V314(o) with
    {
        Thread = V314(o).Thread with
        {
            state = 48, tracing = 64, base_frame = 80, dict = 152, thread_id = 176, native_thread_id = 184, datastack_chunk = 256, Extent = 264,
        },
    };
}

using Kaa.Formats;
using Kaa.Formats.Dwarf;
using Kaa.Formats.Elf;
using Kaa.Results;

namespace Kaa.Python.Layout;

/// <summary>
/// A layout from the interpreter's own debug information: for builds whose structures were changed, so that neither their own table nor
/// ours fits. A field that a version lacks is not there by name; nothing here asks for the version.
/// </summary>
internal static class DwarfLayout
{
    private const string Runtime = "pyruntimestate";
    private const string Interpreter = "_is";
    private const string Thread = "_ts";
    private const string CFrame = "_PyCFrame";
    private const string StackChunk = "_stack_chunk";
    private const string Frame = "_PyInterpreterFrame";
    private const string FrameObject = "_frame";
    private const string Code = "PyCodeObject";
    private const string Gil = "_gil_runtime_state";
    private const string Function = "PyFunctionObject";
    private const string CFunction = "PyCFunctionObject";
    private const string Method = "PyMethodObject";
    private const string MethodDescriptor = "PyMethodDescrObject";
    private const string Object = "_object";

    /// <summary>Beyond any real structure; 3.12's runtime has 460 KB.</summary>
    private const int LargestOffset = 16 << 20;

    /// <summary>For all others; 3.6's thread state has 2 KB.</summary>
    private const int LargestSmallOffset = 4_000;

    private static readonly string[] s_names =
    [
        Runtime, Interpreter, Thread, CFrame, StackChunk, Frame, FrameObject, Code, Gil, Function, CFunction, Method, MethodDescriptor, Object,
    ];

    /// <summary>Null where the file has no debug information of the interpreter.</summary>
    public static PyLayout? Read(ElfFile file)
    {
        try
        {
            IReadOnlyDictionary<string, StructLayout> types = DwarfTypes.Find(file, s_names);
            bool isPython = types.ContainsKey(Interpreter) && types.ContainsKey(Thread) && types.ContainsKey(Code) && types.ContainsKey(Object);
            return isPython && Of(new Structs(types)) is var layout && IsComplete(layout) ? layout : null;
        }
        catch (BadData)
        {
            return null;
        }
    }

    /// <summary>All that reading relies on is there, in the form of frames up to 3.10 or of those since.</summary>
    private static bool IsComplete(PyLayout l)
    {
        ReadOnlySpan<int> always =
        [
            l.Interpreter.next, l.Interpreter.threads_head, l.Interpreter.sysdict, l.Interpreter.modules, l.Thread.next, l.Thread.interp,
            l.Thread.thread_id, l.Code.co_name, l.Code.co_filename, l.Code.co_linetable, l.Code.co_firstlineno, l.Code.co_flags,
            l.Code.co_argcount, l.Code.co_stacksize, l.FrameObject.f_lineno,
        ];
        ReadOnlySpan<int> objects =
        [
            l.Thread.frame, l.FrameObject.f_back, l.FrameObject.f_code, l.FrameObject.f_globals, l.FrameObject.f_locals,
            l.FrameObject.f_valuestack, l.FrameObject.f_trace, l.FrameObject.f_lasti, l.FrameObject.f_localsplus, l.Code.co_code,
            l.Code.co_varnames, l.Code.co_cellvars, l.Code.co_freevars,
        ];
        ReadOnlySpan<int> frames =
        [
            l.Thread.datastack_chunk, l.StackChunk.previous, l.StackChunk.size, l.Frame.f_executable, l.Frame.previous, l.Frame.f_globals,
            l.Frame.f_locals, l.Frame.frame_obj, l.Frame.instr_ptr, l.Frame.owner, l.Frame.localsplus, l.Code.co_nlocalsplus,
            l.Code.co_localsplusnames, l.Code.co_localspluskinds, l.Code._co_firsttraceable, l.Code.co_code_adaptive,
        ];
        bool hasInnermost = l.Thread.current_frame != Offset.Absent || (l.Thread.cframe != Offset.Absent && l.CFrame.current_frame != Offset.Absent);
        bool hasHead = l.HeadSize is 16 or 32;
        return hasHead && !always.Contains(Offset.Absent)
            && (l.Frame.previous == Offset.Absent ? !objects.Contains(Offset.Absent) : hasInnermost && !frames.Contains(Offset.Absent));
    }

    private static PyLayout Of(Structs s) => new()
    {
        Source = LayoutSource.Dwarf,
        HeadSize = s.Size(Object),
        Runtime = new RuntimeLayout
        {
            initialized = s.Find(Runtime, "initialized"),
            finalizing = s.Find(Runtime, "_finalizing", "finalizing"),
            interpreters_head = s.Find(Runtime, "interpreters.head"),
            main_thread = s.Find(Runtime, "main_thread", "ceval.pending.main_thread"),
            ceval_gil = s.Find(Runtime, "ceval.gil"),
            gc_collecting = s.Find(Runtime, "gc.collecting"),
        },
        Gil = new GilLayout
        {
            last_holder = s.Find(Gil, "last_holder"), locked = s.Find(Gil, "locked"), enabled = s.Find(Gil, "enabled"),
        },
        Interpreter = new InterpreterLayout
        {
            next = s.Find(Interpreter, "next"),
            id = s.Find(Interpreter, "id"),
            threads_head = s.Find(Interpreter, "threads.head", "tstate_head"),
            runtime = s.Find(Interpreter, "runtime"),
            modules = s.Find(Interpreter, "imports.modules", "modules"),
            sysdict = s.Find(Interpreter, "sysdict"),
            builtins = s.Find(Interpreter, "builtins"),
            gc_collecting = s.Find(Interpreter, "gc.collecting"),
            gc_frame = s.Find(Interpreter, "gc.frame"),
            ceval_gil = s.Find(Interpreter, "ceval.gil"),
        },
        Thread = OfThread(s),
        CFrame = new CFrameLayout { current_frame = s.Find(CFrame, "current_frame"), previous = s.Find(CFrame, "previous") },
        StackChunk = new StackChunkLayout
        {
            previous = s.Find(StackChunk, "previous"), size = s.Find(StackChunk, "size"), data = s.Find(StackChunk, "data"),
        },
        Frame = new FrameLayout
        {
            f_executable = s.Find(Frame, "f_executable", "f_code"),
            previous = s.Find(Frame, "previous"),
            f_funcobj = s.Find(Frame, "f_funcobj", "f_func"),
            f_globals = s.Find(Frame, "f_globals"),
            f_locals = s.Find(Frame, "f_locals"),
            frame_obj = s.Find(Frame, "frame_obj"),
            instr_ptr = s.Find(Frame, "instr_ptr", "prev_instr"),
            stackpointer = s.Find(Frame, "stackpointer"),
            tlbc_index = s.Find(Frame, "tlbc_index"),
            is_entry = s.Find(Frame, "is_entry"),
            owner = s.Find(Frame, "owner"),
            localsplus = s.Find(Frame, "localsplus"),
        },
        FrameObject = OfFrameObject(s),
        Code = OfCode(s),
        Callable = new CallableLayout
        {
            func_code = s.Find(Function, "func_code"),
            func_qualname = s.Find(Function, "func_qualname"),
            m_ml = s.Find(CFunction, "m_ml"),
            m_self = s.Find(CFunction, "m_self"),
            m_module = s.Find(CFunction, "m_module"),
            d_type = s.Find(MethodDescriptor, "d_common.d_type", "d_type"),
            d_method = s.Find(MethodDescriptor, "d_method"),
            im_func = s.Find(Method, "im_func"),
            im_self = s.Find(Method, "im_self"),
        },
    };

    private static ThreadStateLayout OfThread(Structs s)
    {
        int frame = s.Find(Thread, "frame");
        return new ThreadStateLayout
        {
            prev = s.Find(Thread, "prev"),
            next = s.Find(Thread, "next"),
            interp = s.Find(Thread, "interp"),
            frame = frame,
            // 3.10 has a CFrame too, which names no frame.
            cframe = frame == Offset.Absent ? s.Find(Thread, "cframe") : Offset.Absent,
            current_frame = s.Find(Thread, "current_frame"),
            base_frame = s.Find(Thread, "base_frame"),
            tracing = s.Find(Thread, "tracing"),
            thread_id = s.Find(Thread, "thread_id"),
            native_thread_id = s.Find(Thread, "native_thread_id"),
            datastack_chunk = s.Find(Thread, "datastack_chunk"),
            dict = s.Find(Thread, "dict"),
            status = s.Find(Thread, "_status"),
            state = s.Find(Thread, "state"),
        }.WithExtent();
    }

    private static FrameObjectLayout OfFrameObject(Structs s)
    {
        bool isFrame = s.Find(FrameObject, "f_localsplus") != Offset.Absent;
        var common = new FrameObjectLayout { f_trace = s.Find(FrameObject, "f_trace"), f_lineno = s.Find(FrameObject, "f_lineno") };
        return !isFrame ? common : common with
        {
            f_back = s.Find(FrameObject, "f_back"),
            f_code = s.Find(FrameObject, "f_code"),
            f_globals = s.Find(FrameObject, "f_globals"),
            f_locals = s.Find(FrameObject, "f_locals"),
            f_valuestack = s.Find(FrameObject, "f_valuestack"),
            f_iblock = s.Find(FrameObject, "f_iblock"),
            f_blockstack = s.Find(FrameObject, "f_blockstack"),
            f_lasti = s.Find(FrameObject, "f_lasti"),
            f_executing = s.Find(FrameObject, "f_executing"),
            f_gen = s.Find(FrameObject, "f_gen"),
            f_trace_lines = s.Find(FrameObject, "f_trace_lines"),
            f_localsplus = s.Find(FrameObject, "f_localsplus"),
        };
    }

    private static CodeLayout OfCode(Structs s) => new CodeLayout
    {
        co_argcount = s.Find(Code, "co_argcount"),
        co_kwonlyargcount = s.Find(Code, "co_kwonlyargcount"),
        co_nlocals = s.Find(Code, "co_nlocals"),
        co_stacksize = s.Find(Code, "co_stacksize"),
        co_flags = s.Find(Code, "co_flags"),
        co_firstlineno = s.Find(Code, "co_firstlineno"),
        co_names = s.Find(Code, "co_names"),
        co_nlocalsplus = s.Find(Code, "co_nlocalsplus"),
        co_varnames = s.Find(Code, "co_varnames"),
        co_freevars = s.Find(Code, "co_freevars"),
        co_cellvars = s.Find(Code, "co_cellvars"),
        co_localsplusnames = s.Find(Code, "co_localsplusnames"),
        co_localspluskinds = s.Find(Code, "co_localspluskinds"),
        co_filename = s.Find(Code, "co_filename"),
        co_name = s.Find(Code, "co_name"),
        co_qualname = s.Find(Code, "co_qualname"),
        co_linetable = s.Find(Code, "co_linetable", "co_lnotab"),
        co_exceptiontable = s.Find(Code, "co_exceptiontable"),
        _co_firsttraceable = s.Find(Code, "_co_firsttraceable"),
        _co_monitoring = s.Find(Code, "_co_monitoring"),
        co_code = s.Find(Code, "co_code"),
        co_code_adaptive = s.Find(Code, "co_code_adaptive"),
        co_tlbc = s.Find(Code, "co_tlbc"),
    }.WithExtent();

    private readonly struct Structs(IReadOnlyDictionary<string, StructLayout> types)
    {
        public int Size(string type) => (int)Math.Min(types[type].Size, int.MaxValue);

        /// <summary>The offset under the first name that there is.</summary>
        public int Find(string type, params ReadOnlySpan<string> names)
        {
            if (!types.TryGetValue(type, out StructLayout? layout))
                return Offset.Absent;
            foreach (string name in names)
            {
                if (layout.TryOffset(name, out int offset) && offset <= (type is Runtime or Interpreter ? LargestOffset : LargestSmallOffset))
                    return offset;
            }

            return Offset.Absent;
        }
    }
}

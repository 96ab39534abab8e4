using Kaa.Formats;
using Kaa.Linux.Registers;
using Kaa.Python.Running;
using Kaa.Target;
using Kaa.Target.Symbols;
using Kaa.Target.Unwind;

namespace Kaa.Control.Running;

/// <summary>
/// Whether Python code may run on top of a thread's C stack: not where a function below has taken a lock, or is in the midst of changing something, that the code may need.
/// </summary>
/// <param name="facts">Of the interpreter whose code must be on the stack; null where any code is to run, and none need be.</param>
internal sealed class StackVerdict(ObservedTarget target, RunFacts? facts, Symbolizer symbols, IUnwindSource rules)
{
    private static readonly string[] Refused =
    [
        "malloc", "calloc", "realloc", "free", "cfree", "memalign", "posix_memalign", "aligned_alloc", "valloc", "pvalloc", "reallocarray", "malloc_trim", "mallopt", "_int_",
        "sysmalloc", "systrim", "tcache_", "fork", "vfork", "_Fork", "__libc_fork", "__fork", "__run_fork_handlers", "__run_prefork_handlers", "__run_postfork_handlers", "posix_spawn", "__spawni", "exit", "_exit", "_Exit", "__run_exit_handlers", "__cxa_finalize", "__cxa_atexit",
        "__call_tls_dtors", "quick_exit", "dl_iterate_phdr", "__dl_iterate_phdr", "dlopen", "dlclose", "dlsym", "dlvsym", "_dl_", "__libc_dlopen", "pthread_create", "__pthread_create", "pthread_exit", "__pthread_exit", "__nptl_",
        "pthread_mutex_lock", "pthread_mutex_timedlock", "__pthread_mutex_lock", "___pthread_mutex_lock", "pthread_rwlock_", "__pthread_rwlock_", "___pthread_rwlock_", "pthread_once", "__pthread_once", "__lll_lock_wait", "__lll_mutex",
        "__lock", "__lockfile", "flockfile", "_IO_", "fread", "fwrite", "fgets", "fgetc", "getc", "getline", "getdelim", "fputs", "fputc", "putc", "puts", "printf", "fprintf", "vfprintf", "fflush", "fclose", "fopen", "fseek", "scanf", "fscanf",
        "getaddrinfo", "gethostby", "getnameinfo", "getpw", "getgr", "getserv", "getproto", "res_", "__res_", "__nss_", "_nss_", "localtime", "__tz", "tzset", "mktime", "strftime", "syslog", "vsyslog", "openlog", "setlocale", "gconv", "iconv_open", "sigaction", "abort", "__assert",
    ];

    /// <summary>Why not, as a clause with the function as its subject; null where nothing speaks against it.</summary>
    /// <param name="isForRunner">For what is to interrupt the code that a Kaa has begun there.</param>
    public string? WhyNot(Kaa.Target.Arch.X64Registers registers, bool isForRunner = false)
    {
        UnwoundStack stack = new NativeUnwinder(target.Glance(), rules).Unwind(registers);
        bool isInPython = false;
        for (int i = 0; i < stack.Frames.Count; i++)
        {
            UnwoundFrame frame = stack.Frames[i];
            if (frame.Signal)
                return "it is in a signal handler";
            Module? module = target.Modules.Find(frame.LookupPc);
            if (module is null && !isForRunner && IsRunner(frame.Pc))
                return "it still runs what an earlier kaa has begun";
            if (module is null)
                continue;
            isInPython |= facts is null || module == facts.Process.Module;
            if (WhyNotIn(module, frame) is { } why)
                return why;
        }

        return isInPython ? null : "its C stack can't be followed up to the interpreter" + (stack.EndReason is { } reason ? " (" + reason + ")" : "");
    }

    /// <summary>The code of <see cref="X64Runner"/> is a page of its own, with its mark behind it.</summary>
    private bool IsRunner(Address pc)
    {
        Span<byte> mark = stackalloc byte[X64Runner.Mark.Length];
        return target.Glance().TryReadExactly(new Address(pc.Value & ~(ulong)(X64Runner.CodeSize - 1)) + X64Runner.CodeSize, mark) && mark.SequenceEqual(X64Runner.Mark);
    }

    private string? WhyNotIn(Module module, UnwoundFrame frame)
    {
        string name = module.FileName;
        if (name.StartsWith("ld-linux", StringComparison.Ordinal) || name.StartsWith("ld-2.", StringComparison.Ordinal))
            return "it is in the dynamic loader";
        bool isLibrary = name.StartsWith("libc.so", StringComparison.Ordinal) || name.StartsWith("libc-2.", StringComparison.Ordinal)
            || name.StartsWith("ld-musl", StringComparison.Ordinal) || name.StartsWith("libpthread", StringComparison.Ordinal)
            || name.StartsWith("libresolv", StringComparison.Ordinal) || name.StartsWith("libnss", StringComparison.Ordinal);
        bool isAllocator = name.Contains("jemalloc", StringComparison.Ordinal) || name.Contains("mimalloc", StringComparison.Ordinal) || name.Contains("tcmalloc", StringComparison.Ordinal);
        if (isAllocator)
            return "it is in an allocator (" + name + ")";
        if (!isLibrary || symbols.SymbolAt(frame.Pc, !frame.ExactPc) is not { } symbol)
            return null;
        foreach (string refused in Refused)
        {
            bool isPrefix = refused[^1] == '_' || symbol.StartsWith(refused + "_", StringComparison.Ordinal) || symbol.StartsWith(refused + "@", StringComparison.Ordinal);
            if (symbol == refused || (isPrefix && symbol.StartsWith(refused, StringComparison.Ordinal)))
                return "it is in " + symbol + ", which may hold a lock of the C library's";
        }

        return null;
    }
}

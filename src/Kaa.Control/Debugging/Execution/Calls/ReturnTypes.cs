using Kaa.Control.Debugging.Values;
using Kaa.Formats;
using Kaa.Linux.Registers;

namespace Kaa.Control.Debugging.Execution.Calls;

/// <summary>Of which type a result is printed, where nobody has cast it: gdb wants a cast then.</summary>
internal static class ReturnTypes
{
    /// <param name="name">Of the function; null where it has none.</param>
    public static DataValue Of(string? name, DataType? said, CallerState state)
    {
        DataType type = said ?? Known(name);
        if (type.Kind == DataKind.Float)
            return new DataValue(type, BitConverter.DoubleToUInt64Bits(type.Size == 4 ? BitConverter.UInt32BitsToSingle((uint)BitConverter.DoubleToUInt64Bits(state.Real)) : state.Real));
        ulong bits = type.Size is > 0 and < 8 ? state.Result & ((1ul << (type.Size * 8)) - 1) : state.Result;
        return new DataValue(type, type.Size == 0 ? 0 : bits);
    }

    /// <summary>What their manual pages say; of all others that they give a number of 64 bits.</summary>
    private static DataType Known(string? name) => name switch
    {
        "dlopen" or "dlmopen" or "dlsym" or "dlvsym" or "malloc" or "calloc" or "realloc" or "mmap" or "mmap64" or "sbrk" or "fopen" or "fopen64" => DataType.Void.Pointer(),
        "dlerror" or "getenv" or "secure_getenv" or "strerror" or "strdup" or "strsignal" or "getcwd" or "setlocale" or "Py_GetVersion" or "gnu_get_libc_version" => DataType.Char.Pointer(),
        "free" or "abort" or "exit" or "_exit" or "perror" or "sync" or "PyErr_Print" or "PyGILState_Release" or "PyErr_Clear" or "_PyObject_Dump" => DataType.Void,
        "getpid" or "getppid" or "gettid" or "open" or "open64" or "close" or "fsync" or "dup" or "dup2" or "puts" or "printf" or "fflush" or "kill" or "raise" or "system" or "unlink"
            or "mkdir" or "rmdir" or "chdir" or "setenv" or "putenv" or "unsetenv" or "dlclose" or "prctl" or "mprotect" or "munmap" or "fcntl" or "atoi" or "isatty" or "malloc_trim"
            or "PyGILState_Ensure" or "PyGILState_Check" or "PyRun_SimpleString" or "PyRun_SimpleStringFlags" or "Py_IsInitialized" or "Py_AddPendingCall" or "strcmp" => DataType.Int,
        _ => DataType.Long,
    };
}

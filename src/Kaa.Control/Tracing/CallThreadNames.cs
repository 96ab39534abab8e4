using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Python;
using Kaa.Python.Stack;

namespace Kaa.Control.Tracing;

/// <summary>Names of the threads that hits come from: Python's, else the kernel's. Kept for a moment, as they may change.</summary>
internal sealed class CallThreadNames(PythonProcess? python)
{
    private const int KeptFor = 500_000; // µs

    private readonly PythonThreadNames? _names = python is null ? null : new PythonThreadNames(python);
    private readonly Dictionary<int, (string? Name, long Until)> _kept = [];

    public string? Find(int tid, Address pythonThread)
    {
        long now = Clock.Microseconds;
        if (_kept.TryGetValue(tid, out (string? Name, long Until) known) && now < known.Until)
            return known.Name;
        string? name = (pythonThread.IsNull ? null : _names?.Find(pythonThread)) ?? KernelName.Read(ProcRoot.System, tid);
        _kept[tid] = (name, now + KeptFor);
        return name;
    }
}

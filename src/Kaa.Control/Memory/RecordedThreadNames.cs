using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;
using Kaa.Python;
using Kaa.Python.Stack;
using Kaa.Recording.Memory;

namespace Kaa.Control.Memory;

/// <summary>
/// Numbers the threads of a recording, by their ids as the process sees them, and names them: as the kernel does at first, then as Python does, which names a thread after it has begun,
/// and may rename it.
/// </summary>
internal sealed class RecordedThreadNames(int pid, RecordingWriter writer) : IDisposable
{
    private const int Every = 500_000; // µs
    private const int FirstPause = 2_000;

    private readonly Dictionary<int, Named> _known = [];
    private readonly Dictionary<int, Named> _byOuter = [];
    private readonly NamespaceTids _tids = new(pid);
    private readonly TaskDirectory? _tasks = TaskDirectory.Open(ProcRoot.System, pid);
    private PythonProcess? _python;
    private PythonThreadNames? _names;
    private long _nextRead;
    private int _pause = FirstPause;

    public void Know(PythonProcess python)
    {
        _python = python;
        _names = new PythonThreadNames(python);
    }

    public int Find(int tid)
    {
        if (!_known.TryGetValue(tid, out Named? named))
        {
            int? outer = _tids.Find(tid);
            string? name = NameOf(outer);
            named = new Named(writer.Thread(new RecordedThread(tid, name)), name);
            _known.Add(tid, named);
            if (outer is { } here)
                _ = _byOuter.TryAdd(here, named);
            if (outer != pid)
                _pause = FirstPause;
        }

        return named.Number;
    }

    /// <summary>Asks Python what its threads are called: twice a second, and more often while there are new ones.</summary>
    public void ReadNames()
    {
        long now = Clock.Microseconds;
        if (_names is null || _tasks is null || now < _nextRead || _known.Count == 0)
            return;
        _nextRead = now + _pause;
        _pause = Math.Min(_pause * 2, Every);
        try
        {
            foreach (RawThread thread in LookAtThreads.Take(_python!, _tasks).Threads)
            {
                if (thread.Tid is { } tid && _byOuter.TryGetValue(tid, out Named? named) && _names.Find(thread.Address) is { } name && name != named.Name)
                {
                    named.Name = name;
                    writer.ThreadName(named.Number, name);
                }
            }
        }
        catch (TargetFault)
        {
            // It is just ending.
        }
    }

    public void Dispose()
    {
        _tids.Dispose();
        _tasks?.Dispose();
    }

    private string? NameOf(int? outer)
    {
        if (outer is not { } tid)
            return null;
        return tid == pid ? "MainThread" : KernelName.Read(ProcRoot.System, tid);
    }

    /// <param name="number">In the recording.</param>
    private sealed class Named(int number, string? name)
    {
        public int Number => number;

        public string? Name { get; set; } = name;
    }
}

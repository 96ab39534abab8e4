using Kaa.Control.Agent;
using Kaa.Linux.Proc;
using Kaa.Recording.Memory;

namespace Kaa.Control.Memory;

/// <summary>Numbers the threads of a recording, by their ids as the process sees them.</summary>
internal sealed class RecordedThreadNames(int pid, RecordingWriter writer) : IDisposable
{
    private readonly Dictionary<int, int> _known = [];
    private readonly NamespaceTids _tids = new(pid);

    public int Find(int tid)
    {
        if (!_known.TryGetValue(tid, out int number))
        {
            number = writer.Thread(new RecordedThread(tid, NameOf(tid)));
            _known.Add(tid, number);
        }

        return number;
    }

    public void Dispose() => _tids.Dispose();

    private string? NameOf(int tid)
    {
        if (_tids.Find(tid) is not { } outer)
            return null;
        if (outer == pid)
            return "MainThread";
        var text = new KernelText();
        return text.TryRead(ProcRoot.System.Of(outer, "comm"), out ReadOnlySpan<byte> name) ? System.Text.Encoding.UTF8.GetString(name).TrimEnd('\n') : null;
    }
}

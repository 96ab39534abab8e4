using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Launching;

/// <summary>In an <see cref="OwnCopy"/>: whether the Kaa that has started it is still there.</summary>
public sealed unsafe class ParentLife
{
    private const int TerminalStop = 20; // SIGTSTP

    private readonly System.Threading.Lock _lock = new();

    // Ctrl-Z stops Kaa, not its copy: that may have threads of a program standing in a stop.
    private readonly PosixSignalRegistration _stop = PosixSignalRegistration.Create((PosixSignal)TerminalStop, signal => signal.Cancel = true);
    private volatile bool _isGone;
    private volatile int _asked;
    private Action? _whenGone;

    private ParentLife(int number)
    {
        // Its own descriptor is one that programs which are started do not get.
        Descriptor? pipe = Descriptor.Open($"/proc/self/fd/{number}", OpenFlags.ReadOnly);
        _ = Libc.Close(number);
        new System.Threading.Thread(() => Watch(pipe), 256 << 10) { Name = "parent", IsBackground = true }.Start();
    }

    /// <summary>It was killed, or has ended.</summary>
    public bool IsGone => _isGone;

    /// <summary>It has asked for the end: <see cref="OwnCopy.AskToEnd"/>.</summary>
    public bool IsAsked => _asked > 0;

    /// <summary>How often.</summary>
    public int Asked => _asked;

    /// <summary>Either: what goes on until it is told to end has to end.</summary>
    public bool IsOver => _isGone || IsAsked;

    /// <summary>Null where this Kaa is no such copy.</summary>
    public static ParentLife? Find()
    {
        var text = new KernelText();
        if (!text.TryRead(ProcRoot.System.Of("self/cmdline"), out ReadOnlySpan<byte> line) || !line.StartsWith(Encoding.ASCII.GetBytes(OwnCopy.Name)))
            return null;
        return Utf8Parser.TryParse(line[OwnCopy.Name.Length..], out int number, out _) ? new ParentLife(number) : null;
    }

    /// <param name="action">Is done at once where it is gone, or else by another thread.</param>
    public void WhenGone(Action action)
    {
        lock (_lock)
        {
            _whenGone = action;
            if (_isGone)
                action();
        }
    }

    private void Watch(Descriptor? pipe)
    {
        byte nothing;
        while (pipe is not null && Libc.Read(pipe.Number, &nothing, 1) is var count && (count > 0 || (count < 0 && Errno.Last == Errno.Interrupted)))
            _asked += count > 0 ? 1 : 0;

        lock (_lock)
        {
            _isGone = true;
            _whenGone?.Invoke();
        }
    }
}

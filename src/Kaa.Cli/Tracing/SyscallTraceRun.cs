using System.Globalization;
using Kaa.Control.Tracing;
using Kaa.Linux.Looking;
using Kaa.Linux.Tracing;
using Kaa.Results;

namespace Kaa.Cli.Tracing;

/// <summary><c>--syscall</c>: by ptrace, on a thread of its own, which is woken up when the trace is to end.</summary>
/// <param name="attach">Begins with whoever is to be traced; gives the process' id, 0 where there is none.</param>
internal sealed class SyscallTraceRun(TraceArguments arguments, ITraceSink sink, Func<TracedThreads, int> attach) : TraceRun
{
    private readonly SyscallTracer _tracer = new(arguments.ToRequest(), sink);
    private int _pid;
    private bool _isAnnounced;

    public override long Hits => _tracer.Progress.Hits;

    protected override void Trace(Func<bool> isOver)
    {
        using var kick = new WaitKick();
        TracerThread.Run(() => _tracer.Run(Attach), () => Watch(isOver));
    }

    /// <summary>The process that was attached to or started; 0 where there was none.</summary>
    public override int Pid => _pid;

    /// <summary>Its exit status, or 128 and the signal that ended it; null where it lives on.</summary>
    public override int? ExitStatus => _tracer.Threads.ExitStatus;

    public override IReadOnlyList<Note> Notes()
    {
        List<Note> notes = [.. _tracer.Notes];
        if (_tracer.Progress.Undecided is { } undecided)
            notes.Add(undecided);
        if (_tracer.Threads.Untraced is > 0 and int untraced)
        {
            string text = Quantity.Of(untraced, "thread was", "threads were")
                + " not traced: another tracer has it, or it slept all the time in a call that can't be interrupted without harm (epoll_wait, sigtimedwait, semop and the like), and is joined when it wakes up";
            notes.Add(new Note("threads-untraced", text, null, Incomplete: _tracer.Threads.AreRefused));
        }

        return notes;
    }

    public override void Dispose() => _tracer.Dispose();

    private bool Attach(TracedThreads threads)
    {
        int pid = attach(threads);
        System.Threading.Volatile.Write(ref _pid, pid);
        return pid > 0;
    }

    private void Watch(Func<bool> isOver)
    {
        if (System.Threading.Volatile.Read(ref _pid) is not (> 0 and int pid))
        {
            _tracer.Threads.BuryTheDead();
            return;
        }

        if (!_isAnnounced && arguments.Command.Count == 0)
            TraceCommand.Announce(string.Create(CultureInfo.InvariantCulture, $"tracing process {pid}; Ctrl-C ends it"));
        _isAnnounced = true;
        if (!isOver())
            return;
        _tracer.Stop();
        WaitKick.Kick(_tracer.TracerTid);
    }
}

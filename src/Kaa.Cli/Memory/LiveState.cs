using System.Globalization;
using Kaa.Control.Memory;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Memory;

namespace Kaa.Cli.Memory;

/// <summary>What is shown of a recording that goes on, and in which order: changed by keys.</summary>
internal sealed class LiveState(int pid, MemorySession session, MemoryLiveArguments arguments)
{
    private readonly Timeline _resident = new();
    private readonly Timeline _held = new();
    private GroupKind _kind = arguments.Kind;
    private LiveOrder _order = arguments.Order;
    private string? _wanted = arguments.Thread;
    private int? _thread;
    private int _first;

    private LiveTable Table => session.Live!;

    /// <summary>A new moment.</summary>
    public void Advance()
    {
        long now = (long)(session.Seconds * 1e6);
        Table.Advance(now);
        _held.Change(now, session.HeldBySums);
        _resident.Change(now, session.Resident);
    }

    /// <summary>False for the key that quits.</summary>
    /// <param name="page">Rows that are on the screen.</param>
    public bool Press(LiveKey key, int page)
    {
        switch (key)
        {
            case LiveKey.Quit:
                return false;
            case >= LiveKey.Held and <= LiveKey.Rate:
                (_order, _first) = (LiveOrder.Held + (key - LiveKey.Held), 0);
                break;
            case >= LiveKey.Lines and <= LiveKey.Files:
                (_kind, _first) = (GroupKind.Line + (key - LiveKey.Lines), 0);
                break;
            case LiveKey.NextThread:
                (_thread, _wanted, _first) = (Table.NextThread(_thread ?? -1), null, 0);
                break;
            case LiveKey.AllThreads:
                (_thread, _wanted, _first) = (null, null, 0);
                break;
            default:
                _first += RowsBy(key, page);
                break;
        }

        return true;
    }

    public LiveView View()
    {
        List<LiveRow> rows = Table.Rows(_kind, _thread is null && _wanted is null ? null : IsShown, _order);
        _first = Math.Clamp(_first, 0, Math.Max(0, rows.Count - 1));
        return new LiveView
        {
            Pid = pid,
            Seconds = session.Seconds,
            Held = session.HeldBySums,
            Resident = session.Resident,
            Count = session.Count,
            Lost = session.Lost,
            SampleBytes = arguments.Request.SampleBytes,
            Kind = _kind,
            Order = _order,
            Thread = _thread is { } thread ? LiveText.NameOf(Table.Threads[thread]) : _wanted,
            Rows = rows,
            First = _first,
            HeldCourse = _held.Held,
            ResidentCourse = _resident.Held,
        };
    }

    private static int RowsBy(LiveKey key, int page) => key switch
    {
        LiveKey.Down => 1,
        LiveKey.Up => -1,
        LiveKey.PageDown => page,
        LiveKey.PageUp => -page,
        LiveKey.Top => int.MinValue / 2,
        LiveKey.Bottom => int.MaxValue / 2,
        _ => 0,
    };

    private bool IsShown(int number)
    {
        if (_thread is { } one)
            return number == one;
        RecordedThread thread = Table.Threads[number];
        return thread.Name == _wanted || thread.Tid.ToString(CultureInfo.InvariantCulture) == _wanted;
    }
}

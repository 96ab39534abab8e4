using Kaa.Python.Inspection;
using Kaa.Python.Stack;
using Kaa.Results;

namespace Kaa.Control.Debugging.Stack;

/// <summary>Which frame of the selected thread is meant, C and Python; forgets everything when the process has moved.</summary>
public sealed class SessionStack(DebugSession session)
{
    private readonly Dictionary<int, StackView> _views = [];
    private PythonMoment? _moment;
    private int _epoch = -1;
    private int _tid;
    private int _level;
    private int? _python;

    /// <summary>Python's side of this stop; null where there is no interpreter.</summary>
    public PythonMoment? Moment
    {
        get
        {
            Renew();
            if (_moment is null && session.Inferior is { State: not InferiorState.Running } inferior && inferior.Python is { } python)
                _moment = inferior.NewMoment(python);
            return _moment;
        }
    }

    /// <summary>Of the selected thread.</summary>
    /// <exception cref="UserError">no-inferior, running, no-thread</exception>
    public StackView View => Of(session.RequireThread());

    /// <summary>The level of the selected frame.</summary>
    public int Level
    {
        get
        {
            Renew();
            return _level;
        }
    }

    /// <exception cref="UserError">As of <see cref="View"/>.</exception>
    public FrameView Frame => View.Frames[Math.Min(Level, View.Frames.Count - 1)];

    /// <summary>
    /// The selected Python frame: the one that <c>py-up</c> went to, else the first that the selected C frame or one outside of it runs; null where there is none.
    /// </summary>
    public int? PythonIndex
    {
        get
        {
            Renew();
            if (_python is { } chosen)
                return chosen;
            StackView view = View;
            for (int level = Level; level < view.Frames.Count; level++)
            {
                if (view.Frames[level].Python is [var first, ..])
                    return first;
            }

            return null;
        }
    }

    public RawFrame? PythonFrame => PythonIndex is { } index ? View.PythonFrames[index] : null;

    public StackView Of(InferiorThread thread)
    {
        Renew();
        if (!_views.TryGetValue(thread.Tid, out StackView? view))
            _views.Add(thread.Tid, view = StackView.Of(session.RequireStill(), thread, Moment));
        return view;
    }

    public void Select(int level)
    {
        Renew();
        _level = level;
        _python = null;
    }

    /// <summary>A Python frame, and the C frame that runs it.</summary>
    public void SelectPython(int index)
    {
        foreach (FrameView frame in View.Frames)
        {
            if (frame.Python.Contains(index))
                Select(frame.Level);
        }

        _python = index;
    }

    /// <summary>Something else is debugged.</summary>
    public void Forget() => _epoch = -2;

    private void Renew()
    {
        int tid = session.Thread?.Tid ?? 0;
        int epoch = session.Inferior?.Epoch ?? -1;
        bool hasMoved = epoch != _epoch;
        if (hasMoved)
        {
            _views.Clear();
            _moment = null;
        }

        if (hasMoved || tid != _tid)
            (_level, _python) = (0, null);
        _epoch = epoch;
        _tid = tid;
    }
}

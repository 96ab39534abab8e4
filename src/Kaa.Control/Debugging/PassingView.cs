using Kaa.Formats;
using Kaa.Linux;
using Kaa.Linux.Memory;
using Kaa.Python;
using Kaa.Python.Inspection;
using Kaa.Target;
using Kaa.Target.Unwind;

namespace Kaa.Control.Debugging;

/// <summary>What is read of threads that wait at a hook, one after the other, while others run: each mostly needs what it needed the last time, and stands where it stood.</summary>
internal sealed class PassingView(LiveTarget target)
{
    private const int MostHabits = 1_000;

    private readonly Dictionary<int, Habits> _habits = [];
    private ForesightMemory? _memory;
    private RepeatedMoments? _moments;

    /// <summary>A thread has come to its hook.</summary>
    /// <returns>Memory as of then.</returns>
    public IMemory Begin(int tid)
    {
        _memory ??= target.NewForesight();
        _memory.Begin(HabitsOf(tid).Foresight);
        return _memory;
    }

    public UnwoundStack Unwind(CapturedStack stack, IMemory memory, ModuleUnwindSource rules) => HabitsOf(stack.Thread.Tid).Unwinding.Unwind(stack, memory, rules);

    /// <summary>Null where no thread has come yet.</summary>
    public PythonMoment? MomentOf(PythonProcess python, Look look)
    {
        if (_memory is null)
            return null;
        if (_moments?.Process != python)
            _moments = new RepeatedMoments(python, _memory);
        return _moments.At(look);
    }

    private Habits HabitsOf(int tid)
    {
        if (_habits.Count >= MostHabits)
            _habits.Clear();
        if (!_habits.TryGetValue(tid, out Habits? habits))
            _habits.Add(tid, habits = new Habits());
        return habits;
    }

    private sealed class Habits
    {
        public Foresight Foresight { get; } = new();

        public RepeatedUnwinding Unwinding { get; } = new();
    }
}

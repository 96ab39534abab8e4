using Kaa.Results;

namespace Kaa.Linux.Proc;

/// <summary>The kernel's letter for what a thread does (task_state_array, fs/proc/array.c) → ours.</summary>
public static class TaskState
{
    public static ThreadState Of(char letter) => letter switch
    {
        'R' => ThreadState.Running,

        // I: an idle kernel thread; P: parked; W, K: waking and killable of old kernels.
        'S' or 'I' or 'P' or 'W' or 'K' => ThreadState.Sleeping,
        'D' => ThreadState.Uninterruptible,
        'T' or 't' => ThreadState.Stopped,
        'Z' or 'X' or 'x' => ThreadState.Zombie,
        _ => ThreadState.Unknown,
    };

    public static bool HasEnded(char letter) => letter is 'Z' or 'X' or 'x';

    /// <summary>Stopped by a signal (T) or held by a tracer (t).</summary>
    public static bool IsHeld(char letter) => letter is 'T' or 't';
}

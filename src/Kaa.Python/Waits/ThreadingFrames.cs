using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Results;

namespace Kaa.Python.Waits;

/// <summary>
/// Knows the functions of the standard library in which threads wait (Lib/threading.py, queue.py, concurrent/futures/_base.py), and says
/// what the innermost frames wait for in the words of their caller.
/// </summary>
internal sealed class ThreadingFrames(PyObjects objects)
{
    /// <summary>Null where the innermost frame is none of them.</summary>
    public WaitFacts? Purpose(IReadOnlyList<IWaitFrame> frames)
    {
        if (frames.Count == 0)
            return null;
        IWaitFrame inner = frames[0];
        if (IsIn(inner, "queue.py", "Queue.py"))
            return null;
        if (!IsIn(inner, "threading.py"))
            return OfQueueModule(inner);
        return inner.Function switch
        {
            "wait" => OfCondition(frames),
            "_wait_for_tstate_lock" or "join" => OfJoin(inner),
            "_shutdown" => new WaitFacts(WaitKind.Join, "the other threads to end, as the program is over"),
            _ => null,
        };
    }

    private WaitFacts? OfCondition(IReadOnlyList<IWaitFrame> frames)
    {
        Address condition = frames[0].Local("self");
        if (condition.IsNull || TypeName(condition) is not ("Condition" or "_Condition"))
            return null;
        IWaitFrame? outer = frames.Count > 1 ? frames[1] : null;
        return OfCaller(outer, frames) ?? new WaitFacts(WaitKind.Condition, $"Condition at {condition} to be notified", condition);
    }

    /// <summary>Who waits on the condition knows what for.</summary>
    private WaitFacts? OfCaller(IWaitFrame? outer, IReadOnlyList<IWaitFrame> frames)
    {
        if (outer is null)
            return null;
        Address self = outer.Local("self");
        string type = self.IsNull ? "" : TypeName(self) ?? "";

        // 2.7's Queue is an old-style class: all their instances are of one type.
        if (type == "instance")
            type = "Queue";
        if (IsIn(outer, "queue.py", "Queue.py"))
            return OfQueue(outer.Function, type, self);
        if (IsIn(outer, "_base.py") && outer.Function is "result" or "exception" && type.EndsWith("Future", StringComparison.Ordinal))
            return new WaitFacts(WaitKind.Condition, $"the result of {type} at {self}", self);
        if (!IsIn(outer, "threading.py"))
            return null;
        return outer.Function switch
        {
            "wait" when type is "Event" or "_Event" => new WaitFacts(WaitKind.Condition, $"Event at {self} to be set", self),
            "wait_for" when frames.Count > 2 => OfCaller(frames[2], []),
            "acquire" or "__enter__" when type.EndsWith("Semaphore", StringComparison.Ordinal) =>
                new WaitFacts(WaitKind.Condition, $"{type.TrimStart('_')} at {self} to be released", self),
            "join" => OfJoin(outer),
            "_wait" or "_enter" when type is "Barrier" => new WaitFacts(WaitKind.Condition, $"other threads at the Barrier at {self}", self),
            _ => null,
        };
    }

    private static WaitFacts? OfQueue(string? function, string type, Address self) => function switch
    {
        "get" => new WaitFacts(WaitKind.Queue, $"an item of {type} at {self}", self),
        "put" => new WaitFacts(WaitKind.Queue, $"room in {type} at {self}", self),
        "join" => new WaitFacts(WaitKind.Queue, $"all items of {type} at {self} to be done", self),
        _ => null,
    };

    /// <summary><c>_queue.SimpleQueue.get</c> is C code: the queue is in a slot of the frame that calls it.</summary>
    private WaitFacts? OfQueueModule(IWaitFrame inner)
    {
        foreach (Address slot in inner.Slots)
        {
            // Only a queue that threads wait on: a stale slot can't be told from a live one by its type alone.
            if (!slot.IsNull && (slot.Value & 7) == 0 && TypeName(slot) == "SimpleQueue" && IsWaitedOn(slot))
                return new WaitFacts(WaitKind.Queue, $"an item of SimpleQueue at {slot}", slot);
        }

        return null;
    }

    /// <summary>
    /// 3.7–3.12: a lock, and whether a thread waits on it; since 3.13 whether threads wait (Modules/_queuemodule.c).
    /// </summary>
    private bool IsWaitedOn(Address queue)
    {
        int head = objects.Layout.PyObject.size;
        return objects.Layout.Version.AtLeast(3, 13)
            ? objects.Memory.TryRead(queue + head, out byte waiting) && waiting == 1
            : objects.Memory.TryRead(queue + head + 8, out int locked) && locked == 1;
    }

    private WaitFacts? OfJoin(IWaitFrame frame)
    {
        Address thread = frame.Local("self");
        if (thread.IsNull)
            return null;
        try
        {
            Address ident = objects.Attribute(thread, objects.Layout.Version.Major == 2 ? "_Thread__ident" : "_ident");
            ulong? owner = ident.IsNull ? null : unchecked((ulong)objects.ReadInt64(ident));
            return new WaitFacts(WaitKind.Join, "the end of", OwnerIdent: owner);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return new WaitFacts(WaitKind.Join, "the end of a thread");
        }
    }

    private string? TypeName(Address instance)
    {
        try
        {
            return objects.TypeOf(instance).ShortName;
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }
    }

    private static bool IsIn(IWaitFrame frame, params ReadOnlySpan<string> names)
    {
        if (frame.File is not { } file)
            return false;
        ReadOnlySpan<char> name = file.AsSpan(file.LastIndexOf('/') + 1);

        // 2.7 names the file that the code was compiled to on import from .pyc alone.
        if (name.EndsWith(".pyc", StringComparison.Ordinal))
            name = name[..^1];
        foreach (string one in names)
        {
            if (name.SequenceEqual(one))
                return true;
        }

        return false;
    }
}

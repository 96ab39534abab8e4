using System.Buffers.Binary;
using Kaa.Formats;
using Kaa.Python.Running;
using Kaa.Target;
using Kaa.Target.Arch;
using Kaa.Target.Symbols;
using Kaa.Target.Unwind;

namespace Kaa.Control.Running;

/// <summary>
/// Whether a running thread may call Py_AddPendingCall where it is. That function takes one lock, of the queue; CPython holds it for a few instructions, in functions that are called by the eval
/// loop alone. A thread that is in another function of the interpreter, or in foreign code, does not hold it.
/// </summary>
internal sealed class QueueVerdict(ObservedTarget target, RunFacts facts, Symbolizer symbols, IUnwindSource rules)
{
    private const int Most = 64;
    private const byte NearCall = 0xe8;

    /// <summary>A clause of which the thread is the subject; null where it may.</summary>
    public string? WhyNot(X64Registers registers)
    {
        UnwoundStack stack = new NativeUnwinder(target.Glance(), rules).Unwind(registers);
        for (int i = 0; i < stack.Frames.Count && i < Most; i++)
        {
            UnwoundFrame frame = stack.Frames[i];
            if (frame.Signal)
                return "it is in a signal handler";
            string? name = symbols.SymbolAt(frame.Pc, !frame.ExactPc);
            if (name is not null && RunFacts.IsQueues(name))
                return "it is in " + name;
            if (target.Modules.Find(frame.LookupPc) is { } module && module.FileName.StartsWith("ld-", StringComparison.Ordinal)
                && !module.FileName.StartsWith("ld-musl", StringComparison.Ordinal))
                return "it is in the dynamic loader";
            if (i > 0 && facts.IsInEval(frame.LookupPc))
                return facts.NamesQueue || IsOther(frame.Pc, stack.Frames[i - 1]) ? null : "it is in a function of the interpreter that has no name";
        }

        return facts.NamesQueue && stack.EndReason is null ? null : "its C stack can't be followed up to the interpreter";
    }

    /// <summary>What the eval function has called there is not its own handling of the queue, which is called directly and has no name where the interpreter is stripped.</summary>
    private bool IsOther(Address back, UnwoundFrame called)
    {
        Span<byte> call = stackalloc byte[5];
        if (target.Constants.Read(back - call.Length, call) != call.Length)
            return false;
        if (call[0] != NearCall)
            return true;
        Address entry = back + BinaryPrimitives.ReadInt32LittleEndian(call[1..]);
        string? name = symbols.SymbolAt(entry, false) ?? symbols.SymbolAt(called.Pc, !called.ExactPc);
        return name is not null && !RunFacts.IsQueues(name);
    }
}

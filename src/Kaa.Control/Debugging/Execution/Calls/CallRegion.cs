using Kaa.Control.Agent;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Linux.Looking;
using Kaa.Linux.Registers;
using Kaa.Results;

namespace Kaa.Control.Debugging.Execution.Calls;

/// <summary>The mapping that one call needs: <see cref="X64Caller"/>, what is to be called, the texts of its arguments. On the thread that traces, while the process stands still.</summary>
internal sealed class CallRegion : IDisposable
{
    private const int Map = 9; // mmap
    private const int Protect = 10; // mprotect
    private const int Unmap = 11; // munmap
    private const int Wait = 270; // pselect6
    private const int Return = 15; // rt_sigreturn
    private const ulong ReadWrite = 3; // PROT_READ | PROT_WRITE
    private const ulong ReadExecute = 5; // PROT_READ | PROT_EXEC
    private const ulong PrivateAnonymous = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS

    private readonly AgentProcess _process;

    private CallRegion(AgentProcess process, Address address)
    {
        _process = process;
        Address = address;
    }

    public Address Address { get; }

    public AgentProcess Process => _process;

    /// <exception cref="UserError">call-refused: the process can't have one, with the reason.</exception>
    public static CallRegion Make(int pid, HeldProcess held, int tid)
    {
        AgentProcess process = Open(pid, held);
        try
        {
            RequireAllowed(process, tid);
            var address = new Address(Made(process, held, new RemoteCall(Map, 0, X64Caller.Size, ReadWrite, PrivateAnonymous, ulong.MaxValue), "has no memory for it"));
            var region = new CallRegion(process, address);
            if (!process.Patch.TryWrite(address, X64Caller.Text))
                throw Refused("its memory can't be written");
            Made(process, held, new RemoteCall(Protect, address.Value, X64Caller.CodeSize, ReadExecute), "may have no new code (SELinux, PR_SET_MDWE)");
            return region;
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    public static UserError Refused(string why) => new("call-refused", $"The function was not called: the process {why}.", "nothing was changed in it");

    /// <summary>Null where the process is gone.</summary>
    public CallerState? Read()
    {
        Span<byte> slot = stackalloc byte[X64Caller.StateSize];
        return _process.Patch.TryRead(X64Caller.SlotOf(Address), slot) ? X64Caller.Read(slot) : null;
    }

    /// <summary>False where that can't be now: no thread is fit to do it.</summary>
    public bool TryRemove(HeldProcess held)
    {
        try
        {
            return new RemoteWork(_process).TryMake(held, [new RemoteCall(Unmap, Address.Value, X64Caller.Size)]) is not null;
        }
        catch (UserError)
        {
            return false;
        }
    }

    public void Dispose() => _process.Dispose();

    private static AgentProcess Open(int pid, HeldProcess held)
    {
        try
        {
            return AgentProcess.Open(pid, held);
        }
        catch (UserError error) when (error.Code == "agent-refused")
        {
            throw Refused("does not let Kaa write into it");
        }
    }

    private static ulong Made(AgentProcess process, HeldProcess held, RemoteCall call, string failure)
    {
        IReadOnlyList<long>? results;
        try
        {
            results = new RemoteWork(process).TryMake(held, [call]);
        }
        catch (UserError error) when (error.Code == "agent-refused")
        {
            throw new UserError("call-refused", "The function was not called: " + error.Message, error.Hint, error);
        }

        return results switch
        {
            null => throw Refused("has no thread that can make a system call now"),
            [>= 0 and var result] => unchecked((ulong)result),
            [var error, ..] => throw Refused($"{failure}: {(call.Number == Map ? CallFailures.OfMapping(-error, process.Tid) : CallFailures.OfError(-error))}"),
            _ => throw Refused(failure),
        };
    }

    /// <summary>The calls by which the thread comes back: a filter that forbids one would kill it there.</summary>
    private static void RequireAllowed(AgentProcess process, int tid)
    {
        if (process.Tasks.Status(tid)?.Seccomp != Kaa.Formats.ProcText.SeccompMode.Filter)
            return;
        SeccompFilter? filter = SeccompFilter.Read(tid);
        foreach (int number in (ReadOnlySpan<int>)[Wait, Return])
        {
            if (filter?.Allows(new RemoteCall(number), Address.Null) != true)
                throw Refused(filter is null ? "has a seccomp filter that Kaa may not read" : $"has a seccomp filter that does not let it call {CallFailures.NameOf(number)}");
        }
    }
}

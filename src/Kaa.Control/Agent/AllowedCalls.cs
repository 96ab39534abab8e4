using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Linux.Looking;
using Kaa.Linux.Proc;
using Kaa.Linux.Registers;

namespace Kaa.Control.Agent;

/// <summary>Which system calls the agent may make in any thread: what one filter would not let through is made nowhere.</summary>
internal static class AllowedCalls
{
    // Numbers: arch/x86/entry/syscalls/syscall_64.tbl; arguments as agent/calls.c gives them.
    private static readonly (AgentCalls Call, RemoteCall[] Forms)[] Asked =
    [
        (AgentCalls.Clock, [new RemoteCall(228, 1)]),
        (AgentCalls.Futex, [new RemoteCall(202, 0, 0), new RemoteCall(202, 0, 1)]),
        (AgentCalls.Read, [new RemoteCall(310, 1, 0, 1, 0, 1), new RemoteCall(310, 1, 0, 1, 0, 2)]),
        (AgentCalls.Tid, [new RemoteCall(186), new RemoteCall(39)]),
    ];

    /// <param name="code">An address in the agent, where the calls will come from.</param>
    public static AgentCalls Of(HeldProcess held, TaskDirectory tasks, Address code)
    {
        AgentCalls allowed = AgentCalls.Clock | AgentCalls.Futex | AgentCalls.Read | AgentCalls.Tid;
        var stopped = new HashSet<int?>();
        var asleep = new HashSet<int?>();
        foreach (ThreadSight sight in held.Threads)
        {
            if (sight.Conduct == ThreadConduct.Ended || tasks.Status(sight.Tid) is not { Seccomp: SeccompMode.Filter or SeccompMode.Strict } status)
                continue;
            (sight.IsStopped ? stopped : asleep).Add(status.SeccompFilters);
            if (!sight.IsStopped)
                continue;
            if (SeccompFilter.Read(sight.Tid) is not { } filter)
                return AgentCalls.None;
            allowed = Ask(filter, allowed, code);
        }

        // The kernel tells the filters of stopped threads only. Who sleeps and has as many as one of those was started with the same ones.
        return asleep.Contains(null) || !asleep.IsSubsetOf(stopped) ? AgentCalls.None : allowed;
    }

    private static AgentCalls Ask(SeccompFilter filter, AgentCalls allowed, Address code)
    {
        foreach ((AgentCalls call, RemoteCall[] forms) in Asked)
        {
            foreach (RemoteCall form in forms)
            {
                if (!filter.Allows(form, code))
                    allowed &= ~call;
            }
        }

        return allowed;
    }
}

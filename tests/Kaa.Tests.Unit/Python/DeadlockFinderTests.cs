using Kaa.Python.Waits;
using Kaa.Results;

namespace Kaa.Tests.Unit.Python;

public sealed class DeadlockFinderTests
{
    [Fact]
    public void Two_threads_that_wait_for_each_other_are_a_deadlock()
    {
        IReadOnlyList<Deadlock> found = DeadlockFinder.Find([Thread(1, 2), Thread(2, 1), Thread(3, null)]);
        found.Count.ShouldBe(1);
        found[0].Threads.ShouldBe([1, 2]);
        found[0].Description.ShouldContain("t1 (1) waits for lock held by 2");
    }

    [Fact]
    public void A_thread_that_waits_for_a_ring_is_not_in_it()
    {
        IReadOnlyList<Deadlock> found = DeadlockFinder.Find([Thread(9, 1), Thread(1, 2), Thread(2, 3), Thread(3, 1)]);
        found.Count.ShouldBe(1);
        found[0].Threads.ShouldBe([1, 2, 3]);
    }

    [Fact]
    public void A_thread_that_waits_for_itself_is_a_deadlock()
    {
        IReadOnlyList<Deadlock> found = DeadlockFinder.Find([Thread(1, 1)]);
        found[0].Threads.ShouldBe([1]);
        found[0].Description.ShouldContain("itself");
    }

    [Fact]
    public void Two_rings_are_two_deadlocks() =>
        DeadlockFinder.Find([Thread(1, 2), Thread(2, 1), Thread(3, 4), Thread(4, 3)]).Count.ShouldBe(2);

    [Fact]
    public void A_chain_that_ends_is_none() => DeadlockFinder.Find([Thread(1, 2), Thread(2, 3), Thread(3, null)]).ShouldBeEmpty();

    private static ThreadStack Thread(int tid, int? owner) => new()
    {
        Tid = tid,
        Name = "t" + tid,
        WaitingFor = owner is null
            ? null
            : new WaitReason { Kind = WaitKind.Lock, OwnerTid = owner, Description = "lock held by " + owner },
    };
}

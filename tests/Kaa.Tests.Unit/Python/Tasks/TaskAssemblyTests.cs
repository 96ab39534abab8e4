using Kaa.Formats;
using Kaa.Python.Tasks;
using Kaa.Results;

namespace Kaa.Tests.Unit.Python.Tasks;

public sealed class TaskAssemblyTests
{
    [Fact]
    public void What_a_task_awaits_is_told_from_those_who_say_that_it_waits_for_them()
    {
        TaskReport report = Assemble(Task(1, "main"), Task(2, "child", waiters: 1));
        report.Tasks[1].Name.ShouldBe("child");
        report.Tasks[0].Awaits.ShouldBe([new TaskAwait(TaskAwaitKind.Task, 2, null, "child")]);
        report.Tasks[1].AwaitedBy.ShouldBe([1ul]);
        report.Cycles.ShouldBeEmpty();
    }

    [Fact]
    public void A_future_that_leads_to_no_task_is_named_itself()
    {
        RawTask task = Task(1, "main") with { Waiter = new Address(0x50), IsWaiterFuture = true, WaiterDescription = "_asyncio.Future (pending)" };
        Assemble(task).Tasks[0].Awaits.ShouldBe([new TaskAwait(TaskAwaitKind.Future, 0x50, null, "_asyncio.Future (pending)")]);
    }

    [Fact]
    public void A_waiter_that_is_no_task_of_the_report_is_left_out() =>
        Assemble(Task(2, "child", waiters: 99)).Tasks[0].AwaitedBy.ShouldBeEmpty();

    [Fact]
    public void Names_are_ordered_as_a_person_counts() =>
        Assemble(Task(1, "Task-10"), Task(2, "Task-9"), Task(3, "Task-1")).Tasks.Select(task => task.Name).ShouldBe(["Task-1", "Task-9", "Task-10"]);

    [Fact]
    public void A_ring_of_tasks_is_named_once_and_those_outside_of_it_are_not_in_it()
    {
        TaskReport report = Assemble(Task(1, "a", waiters: [3]), Task(2, "b", waiters: [1]), Task(3, "c", waiters: [2]), Task(4, "d"), Task(5, "e", waiters: [4]));
        TaskCycle cycle = report.Cycles.ShouldHaveSingleItem();
        cycle.Tasks.ShouldBe([1ul, 2ul, 3ul]);
        cycle.Description.ShouldBe("a waits for b waits for c waits for a");
    }

    [Fact]
    public void A_task_that_waits_for_itself_is_a_ring() =>
        Assemble(Task(1, "a", waiters: [1])).Cycles.ShouldHaveSingleItem().Description.ShouldBe("a waits for itself");

    [Fact]
    public void A_chain_of_very_many_tasks_is_searched_without_recursion()
    {
        const ulong Count = 200_000;
        var tasks = new List<RawTask> { Task(1, null) };
        for (ulong i = 2; i <= Count; i++)
            tasks.Add(Task(i, null, waiters: i - 1));
        TaskReport report = TaskAssembly.Assemble(tasks);
        report.Cycles.ShouldBeEmpty();
        report.Tasks.Count.ShouldBe((int)Count);
    }

    private static TaskReport Assemble(params RawTask[] tasks) => TaskAssembly.Assemble(tasks);

    private static RawTask Task(ulong address, string? name, params ulong[] waiters) => new()
    {
        Address = new Address(address),
        Kind = TaskKind.Asyncio,
        Name = name,
        State = TaskPhase.Pending,
        AwaitedBy = [.. waiters.Select(waiter => new AwaitEdge(new Address(waiter), null))],
    };
}

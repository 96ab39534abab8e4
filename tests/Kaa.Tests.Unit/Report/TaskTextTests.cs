using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Tests.Unit.Report;

public sealed class TaskTextTests
{
    private static readonly TaskLoop s_loop = new(0x1000, "Loop");

    [Fact]
    public void Tasks_stand_below_those_that_wait_for_them()
    {
        TaskStack one = Task(1, "one", awaitedBy: [2]) with { Awaits = [new TaskAwait(TaskAwaitKind.Future, 7, null, "Future (pending)")] };
        TaskStack main = Task(2, "main") with { Awaits = [new TaskAwait(TaskAwaitKind.Task, 1, "gather", "one")] };
        Text(one, main).ShouldBe("""

            2 tasks of Loop at 0x1000, thread 7 "MainThread"
            * main (pending) waits for a task
                f  a.py:3
                > gather: one (pending) waits for Future (pending)
                    f  a.py:3

            """, StringCompareShould.IgnoreLineEndings);
    }

    [Fact]
    public void A_task_that_several_wait_for_is_told_once()
    {
        TaskStack left = Task(1, "left") with { Awaits = [new TaskAwait(TaskAwaitKind.Task, 3, null, "both")] };
        TaskStack right = left with { Address = 2, Name = "right" };
        string text = Text(left, right, Task(3, "both", awaitedBy: [1, 2]));
        text.ShouldContain("    > both (pending)\n");
        text.ShouldContain("    > both (shown above)\n");
    }

    [Fact]
    public void A_ring_comes_first_and_is_cut_where_it_closes()
    {
        TaskStack left = Task(1, "left", awaitedBy: [2]) with { Awaits = [new TaskAwait(TaskAwaitKind.Task, 2, null, "right")] };
        TaskStack right = Task(2, "right", awaitedBy: [1]) with { Awaits = [new TaskAwait(TaskAwaitKind.Task, 1, null, "left")] };
        string text = Text([new TaskCycle([1, 2], "left waits for right waits for left")], left, right);
        text.ShouldStartWith("\nCYCLE OF TASKS: left waits for right waits for left\n2 tasks of Loop");
        text.ShouldContain("* left (pending) waits for a task\n");
        text.ShouldContain("        > left (shown above)\n");
    }

    [Fact]
    public void A_chain_of_very_many_tasks_ends()
    {
        const int Count = 20_000;
        var tasks = new TaskStack[Count];
        for (int i = 0; i < Count; i++)
        {
            tasks[i] = Task((ulong)i + 1, "t" + i, awaitedBy: i == 0 ? [] : [(ulong)i]);
            if (i + 1 < Count)
                tasks[i] = tasks[i] with { Awaits = [new TaskAwait(TaskAwaitKind.Task, (ulong)i + 2, null, "next")] };
        }

        Text(tasks).ShouldContain("(19999 deep) t19999 (pending)");
    }

    [Fact]
    public void What_a_target_calls_a_task_is_escaped() => Text(Task(1, "a\nb\e[31m")).ShouldNotContain('\e');

    private static string Text(params TaskStack[] tasks) => Text([], tasks);

    private static string Text(IReadOnlyList<TaskCycle> cycles, params TaskStack[] tasks)
    {
        using var output = new StringWriter();
        ThreadStack thread = new() { Tid = 7, Name = "MainThread" };
        new TaskText(new StyledWriter(output, colour: false), new HashSet<string>()).Write(new TaskReport(tasks, cycles), [thread]);
        return output.ToString();
    }

    private static TaskStack Task(ulong address, string name, params ulong[] awaitedBy) => new()
    {
        Address = address,
        Kind = TaskKind.Asyncio,
        Name = name,
        State = TaskPhase.Pending,
        Tid = 7,
        Loop = s_loop,
        Frames = [new PythonFrame("f") { File = "a.py", Line = 3 }],
        AwaitedBy = awaitedBy,
    };
}

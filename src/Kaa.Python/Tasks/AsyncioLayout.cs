using Kaa.Python.Layout;

namespace Kaa.Python.Tasks;

/// <summary>
/// <c>FutureObj</c> and <c>TaskObj</c> of Modules/_asynciomodule.c. Read from the DWARF of the _asyncio modules of 3.6.15, 3.7.16, 3.8.18, 3.9.18,
/// 3.10.13, 3.11.7, 3.12.1, 3.13.0, and of Debian's debug builds of 3.14 and 3.15; but for 3.10 no release of a minor version differs from
/// another (its source, tag by tag). The fields begin behind the object's head, <c>o</c>.
/// </summary>
internal sealed record AsyncioLayout
{
    public required int fut_loop { get; init; }

    /// <summary>The first callback (3.7+).</summary>
    public int fut_callback0 { get; init; } = Offset.Absent;

    /// <summary>A list: of callbacks (3.6), of pairs of callback and context since, without the first.</summary>
    public required int fut_callbacks { get; init; }

    /// <summary>An int, <c>fut_state</c>.</summary>
    public required int fut_state { get; init; }

    /// <summary>Who awaits it, a future or a set of them (3.14+).</summary>
    public int fut_awaited_by { get; init; } = Offset.Absent;

    /// <summary>A byte: 1 where <see cref="fut_awaited_by"/> is a set.</summary>
    public int fut_awaited_by_is_set { get; init; } = Offset.Absent;

    public required int task_fut_waiter { get; init; }

    public required int task_coro { get; init; }

    /// <summary>A str; an int N for <c>Task-N</c> (3.12+); absent up to 3.7.</summary>
    public int task_name { get; init; } = Offset.Absent;

    /// <summary>Its place in its thread's list of tasks (3.14+).</summary>
    public int task_node { get; init; } = Offset.Absent;

    /// <summary>Null for versions without asyncio.</summary>
    /// <param name="o">Size of the head of objects.</param>
    public static AsyncioLayout? For(PythonVersion version, int o) => (version.Major, version.Minor) switch
    {
        (3, 6) => V36(o),
        (3, 7) => V37(o),
        (3, 8) => V37(o) with { task_name = o + 104 },
        (3, 9) => V39(o),
        // 3.10.6 added fut_exception_tb (gh-90908).
        (3, 10) => version.Micro < 6 ? V39(o) : V310(o),
        (3, 11 or 12) => V311(o),
        (3, 13) => V313(o),
        (3, >= 14) => V314(o),
        _ => null,
    };

    private static AsyncioLayout V36(int o) => new()
    {
        fut_loop = o,
        fut_callbacks = o + 8,
        fut_state = o + 40,
        task_fut_waiter = o + 72,
        task_coro = o + 80,
    };

    private static AsyncioLayout V37(int o) => V36(o) with
    {
        fut_callback0 = o + 8,
        fut_callbacks = o + 24,
        fut_state = o + 56,
        task_fut_waiter = o + 88,
        task_coro = o + 96,
    };

    /// <summary>A cancel message and a saved exception came in between.</summary>
    private static AsyncioLayout V39(int o) => V37(o) with { fut_state = o + 64, task_fut_waiter = o + 128, task_coro = o + 136, task_name = o + 144 };

    private static AsyncioLayout V310(int o) => V39(o) with { fut_state = o + 72, task_fut_waiter = o + 136, task_coro = o + 144, task_name = o + 152 };

    private static AsyncioLayout V311(int o) => V310(o) with { task_fut_waiter = o + 112, task_coro = o + 120, task_name = o + 128 };

    private static AsyncioLayout V313(int o) => V311(o) with { fut_state = o + 80, task_fut_waiter = o + 96, task_coro = o + 104, task_name = o + 112 };

    private static AsyncioLayout V314(int o) => V313(o) with
    {
        fut_awaited_by = o + 80,
        fut_state = o + 88,
        fut_awaited_by_is_set = o + 93,
        task_fut_waiter = o + 104,
        task_coro = o + 112,
        task_name = o + 120,
        task_node = o + 136,
    };
}

using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>The demo's stuck service, on every interpreter.</summary>
public sealed class DeadlockTests
{
    [Theory]
    [MemberData(nameof(Interpreters.All), MemberType = typeof(Interpreters))]
    public void The_demo_is_explained(string interpreter)
    {
        using PythonChild child = PythonChild.StartFile(Interpreters.Named(interpreter), Path.Combine(Repository.Root, "demo", "stuck_service.py"));
        KernelCall.Await(child.Pid, KernelCall.Futex);
        JsonElement answer = Harness.Kaa.Stacks(child);
        JsonElement[] threads = [.. answer.GetProperty("threads").EnumerateArray().Where(thread => thread.GetProperty("frames").GetArrayLength() > 0)];
        JsonElement[] workers = [.. threads.Where(thread => thread.GetProperty("name").GetString() is "alice-to-bob" or "bob-to-alice")];
        JsonElement deadlock = answer.GetProperty("deadlocks").EnumerateArray().ShouldHaveSingleItem();
        deadlock.GetProperty("threads").EnumerateArray().Select(tid => tid.GetInt32())
            .ShouldBe(workers.Select(thread => thread.GetProperty("tid").GetInt32()), ignoreOrder: true);
        foreach (JsonElement worker in workers)
        {
            worker.GetProperty("waitingFor").GetProperty("kind").GetString().ShouldBe("rlock");
            worker.GetProperty("state").GetString().ShouldBe("sleeping");
            worker.GetProperty("stopped").GetBoolean().ShouldBeFalse();
        }

        threads.Single(thread => thread.GetProperty("main").GetBoolean()).GetProperty("waitingFor").GetProperty("kind").GetString().ShouldBe("join");
        answer.GetProperty("pauseMicroseconds").GetInt64().ShouldBe(0);

        string text = Harness.Kaa.Run("bt", child.Pid.ToString(CultureInfo.InvariantCulture)).Output;
        text.IndexOf("DEADLOCK: 2 threads", StringComparison.Ordinal).ShouldBeInRange(0, text.IndexOf("\nThread ", StringComparison.Ordinal));
    }
}

using System.Text.Json;
using Kaa.Tests.Live.Debugging;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Stories;

/// <summary>A process hangs: which thread waits for which lock in which line, and in which line is the one that holds it?</summary>
public sealed class HungProcessTests
{
    private const string Fixture = "hung.py";
    private const int Attempts = 200;

    private readonly MarkedLines _lines = new(Repository.Fixture(Fixture));

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_look_names_the_holder_and_both_lines(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), Fixture);
        Dictionary<string, JsonElement> threads = Hung(child);
        ShouldWait(threads["MainThread"], "lock", "look_up", "the lock is waited for here", threads["refresh"]);
        ShouldWait(threads["book"], "rlock", "book", "the rlock is waited for here", threads["audit"]);
        ShouldBeAt(threads["refresh"], "refresh", "the holder of the lock is here");
        ShouldBeAt(threads["audit"], "audit", "the holder of the rlock is here");
        threads["refresh"].GetProperty("waitingFor").GetProperty("kind").GetString().ShouldBe("io");
    }

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void A_session_names_the_holder_and_shows_it(string name)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(name), Fixture);
        Dictionary<string, JsonElement> threads = Hung(child);
        Dictionary<string, string> answers = Session.Ask(child, "py-bt", "info waits", "thread find ^refresh$");
        answers["py-bt"].ShouldContain($"  File \"{child.Script}\", line {_lines.Text("the lock is waited for here")}, in look_up\n    with registry_lock:");
        string[] waits = answers["info waits"].Split('\n');
        waits.ShouldContain(line => line.StartsWith("* 1 ", StringComparison.Ordinal) && line.Contains("waits for Lock at 0x") && line.Contains("held by thread refresh"));
        waits.ShouldContain(line => line.Contains("\"book\" waits for RLock at 0x") && line.Contains("held by thread audit"));
        string holder = answers["thread find ^refresh$"];
        holder.ShouldEndWith("name 'refresh'");
        string number = holder.Split(' ')[1];
        answers = Session.Ask(child, "thread " + number, "py-bt", "py-locals");
        answers["thread " + number].ShouldContain($"(LWP {threads["refresh"].GetProperty("tid").GetInt32()})");
        answers["py-bt"].ShouldContain($"  File \"{child.Script}\", line {_lines.Text("the holder of the lock is here")}, in refresh\n    os.read(source, 1)");
        answers["py-locals"].Split('\n').ShouldContain(line => line.StartsWith("source = ", StringComparison.Ordinal));
    }

    /// <summary>The threads that wait for locks can't say so: they are looked at until both do.</summary>
    private static Dictionary<string, JsonElement> Hung(PythonChild child)
    {
        for (int i = 0; ; i++)
        {
            JsonElement answer = Harness.Kaa.Stacks(child);
            var threads = new Dictionary<string, JsonElement>();
            foreach (JsonElement thread in answer.GetProperty("threads").EnumerateArray())
            {
                if (thread.GetProperty("ident").ValueKind == JsonValueKind.Number)
                    threads[thread.GetProperty("name").GetString()!] = thread;
            }

            if (i == Attempts || (KindOf(threads, "MainThread") == "lock" && KindOf(threads, "book") == "rlock" && KindOf(threads, "refresh") == "io" && KindOf(threads, "audit") == "io"))
                return threads;
        }
    }

    private static string? KindOf(Dictionary<string, JsonElement> threads, string name) =>
        threads.TryGetValue(name, out JsonElement thread) && thread.GetProperty("waitingFor") is { ValueKind: JsonValueKind.Object } wait ? wait.GetProperty("kind").GetString() : null;

    private void ShouldWait(JsonElement thread, string kind, string function, string mark, JsonElement holder)
    {
        JsonElement wait = thread.GetProperty("waitingFor");
        wait.GetProperty("kind").GetString().ShouldBe(kind, thread.GetRawText());
        wait.GetProperty("ownerTid").GetInt32().ShouldBe(holder.GetProperty("tid").GetInt32());
        ShouldBeAt(thread, function, mark);
    }

    /// <summary>Somewhere in the stack: locks of 2.7 and RLocks of Python are frames of their own.</summary>
    private void ShouldBeAt(JsonElement thread, string function, string mark) =>
        thread.GetProperty("frames").EnumerateArray().ShouldContain(frame => frame.GetProperty("function").GetString() == function
            && frame.GetProperty("kind").GetString() == "python" && frame.GetProperty("line").GetInt32() == _lines.Number(mark));
}

using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>The C functions that Python frames are in: each kind of call in a thread of its own.</summary>
public sealed class BuiltinTests
{
    private const int Attempts = 200;
    private const string Any = "...";

    [Theory]
    [MemberData(nameof(Interpreters.Plain), MemberType = typeof(Interpreters))]
    public void The_C_function_of_every_kind_of_call_is_named(string interpreter)
    {
        using PythonChild child = PythonChild.Start(Interpreters.Named(interpreter), "builtins.py");
        using JsonDocument expected = child.ReadyJson();
        JsonElement[] cases = [.. expected.RootElement.EnumerateArray()];
        cases.Length.ShouldBeGreaterThan(45);
        Settled(child, cases).ShouldBeEmpty();
    }

    /// <summary>A thread can't say that it is in a C function that calls nothing back: the threads are looked at until all are.</summary>
    private static List<string> Settled(PythonChild child, JsonElement[] cases)
    {
        for (int i = 0; ; i++)
        {
            var threads = Harness.Kaa.Stacks(child, "--max-pause", "60000").GetProperty("threads").EnumerateArray()
                .ToDictionary(thread => thread.GetProperty("ident").GetUInt64(), thread => thread.GetProperty("frames"));
            var differences = new List<string>();
            foreach (JsonElement one in cases)
                Compare(one, threads[one.GetProperty("ident").GetUInt64()], differences);
            if (differences.Count == 0 || i == Attempts)
                return differences;
        }
    }

    private static void Compare(JsonElement wanted, JsonElement frames, List<string> differences)
    {
        string name = wanted.GetProperty("case").GetString()!;
        string[] expected = [.. wanted.GetProperty("expected").EnumerateArray().Select(entry => entry.GetString()!)];
        string[] actual = [.. UpTo(frames.EnumerateArray().Select(Name), name)];
        if (!Matches(expected, actual))
            differences.Add($"{name}: expected {string.Join(", ", expected)} but it is {string.Join(", ", actual)}");
    }

    private static IEnumerable<string> UpTo(IEnumerable<string> frames, string last)
    {
        foreach (string frame in frames)
        {
            yield return frame;
            if (frame == last)
                yield break;
        }
    }

    private static string Name(JsonElement frame) => frame.GetProperty("kind").GetString() == "builtin"
        ? frame.GetProperty("module").GetString() + ":" + frame.GetProperty("qualifiedName").GetString()
        : frame.GetProperty("function").GetString()!;

    private static bool Matches(ReadOnlySpan<string> expected, ReadOnlySpan<string> actual)
    {
        if (expected.IsEmpty)
            return actual.IsEmpty;
        if (expected[0] != Any)
            return !actual.IsEmpty && expected[0] == actual[0] && Matches(expected[1..], actual[1..]);
        for (int skipped = 0; skipped <= actual.Length; skipped++)
        {
            if (Matches(expected[1..], actual[skipped..]))
                return true;
        }

        return false;
    }
}

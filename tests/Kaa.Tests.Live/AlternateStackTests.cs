using System.Globalization;
using System.Text.Json.Nodes;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>A thread inside of a signal handler that runs on a stack of its own (sigaltstack): the stack goes on where the signal struck.</summary>
public sealed class AlternateStackTests : IDisposable
{
    private const string Source = """
        #define _GNU_SOURCE
        #include <signal.h>
        #include <sys/mman.h>
        #include <unistd.h>

        static void on_alternate(int number)
        {
            (void)number;
            if (write(1, "inside\n", 7) != 7)
                _exit(1);
            for (;;)
                pause();
        }

        int enter(void)
        {
            stack_t stack = { .ss_size = 1 << 16 };
            struct sigaction action = { .sa_handler = on_alternate, .sa_flags = SA_ONSTACK };
            stack.ss_sp = mmap(0, stack.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            sigaltstack(&stack, 0);
            sigaction(SIGUSR2, &action, 0);
            raise(SIGUSR2);
            return 0;
        }
        """;

    private readonly Cores _cores = new();

    public void Dispose() => _cores.Dispose();

    [Theory]
    [MemberData(nameof(Interpreters.OfEachKind), MemberType = typeof(Interpreters))]
    public void The_C_stack_is_whole_live_and_in_a_core(string name)
    {
        Interpreter interpreter = Interpreters.Named(name);
        using var libraries = new CompiledLibraries(interpreter.Root);
        string library = libraries.Library("libalternate.so", Source, "-O2");
        using PythonChild child = PythonChild.Start(interpreter, "alternate_stack.py");
        child.WriteLine(library);
        child.ReadUntil("inside");
        JsonObject live = Asleep(child);
        ulong[] expected = GdbStacks.Of(child)[child.Pid];
        Addresses(live).ShouldBe(expected);
        string functions = string.Join(' ', live["threads"]![0]!["frames"]!.AsArray().Select(frame => frame!["function"]?.GetValue<string>()));
        functions.IndexOf("on_alternate", StringComparison.Ordinal).ShouldBeInRange(0, functions.IndexOf("enter", StringComparison.Ordinal), functions);
        functions.IndexOf("inner", StringComparison.Ordinal).ShouldBeGreaterThan(functions.IndexOf("enter", StringComparison.Ordinal), functions);

        string core = Path.Combine(_cores.Directory, "core");
        KaaResult dumped = Harness.Kaa.Run("core", Pid(child), "-o", core, "--json");
        dumped.Exit.ShouldBe(0, dumped.Output + dumped.Error);
        string[] root = interpreter.Root is { } directory ? ["--sysroot", directory] : [];
        AnswerComparison.OfLiveAndOwnCore(live, Stacks([core, .. root])).ShouldBeEmpty();
    }

    /// <summary>The library speaks a moment before it sleeps. On its way its stack may end early: the look that finds it awake is not the one that is asked for.</summary>
    private static JsonObject Asleep(PythonChild child)
    {
        const int Looks = 1_000;
        for (int look = 0; look < Looks; look++)
        {
            KaaResult result = Harness.Kaa.Run("bt", Pid(child), "--native-all", "--json");
            JsonObject answer = JsonNode.Parse(result.Output)!.AsObject();
            JsonNode thread = answer["threads"]![0]!;
            bool isInPause = thread["frames"]!.AsArray().Any(frame => frame!["function"]?.GetValue<string>().Contains("pause", StringComparison.Ordinal) == true);
            if (result.Exit == 0 && isInPause && thread["state"]!.GetValue<string>() == "sleeping")
                return answer;
        }

        throw new TimeoutException("it does not come to sleep");
    }

    private static JsonObject Stacks(string[] target)
    {
        KaaResult result = Harness.Kaa.Run(["bt", .. target, "--native-all", "--json"]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        return JsonNode.Parse(result.Output)!.AsObject();
    }

    private static ulong[] Addresses(JsonObject answer) =>
        [.. answer["threads"]![0]!["frames"]!.AsArray()
            .Where(frame => frame!["kind"]!.GetValue<string>() == "native" && !frame["inlined"]!.GetValue<bool>())
            .Select(frame => ulong.Parse(frame!["address"]!.GetValue<string>().AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture))];

    private static string Pid(PythonChild child) => child.Pid.ToString(CultureInfo.InvariantCulture);
}

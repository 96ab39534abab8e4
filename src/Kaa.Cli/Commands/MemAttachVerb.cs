using System.CommandLine;
using System.Globalization;
using Kaa.Cli.Memory;
using Kaa.Control.Memory;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa mem attach</c>.</summary>
internal sealed class MemAttachVerb : Verb
{
    private readonly Argument<string> _target = new("PID") { Description = "The process; inside a container, its pid there or on the host." };

    private readonly Option<string?> _output = new("--output", "-o") { Description = "Where to write the recording (./kaa-mem.PID).", HelpName = "FILE" };

    private readonly Option<bool> _force = MakeOption.Flag("--force", "Replace FILE where it exists.");

    private readonly Option<double?> _duration = MakeOption.Amount("--duration", "S", "End after this many seconds; else Ctrl-C, or the end of the process, ends it.");

    private readonly Option<double?> _sample = MakeOption.Amount(
        "--sample", "BYTES", "Record a sample of the allocations, one each BYTES on average, instead of every one: estimates with error bars, at next to no cost.");

    private readonly Option<string> _allocators = new("--allocators")
    {
        Description = "Whose: system (malloc and its kin, mmap), python (CPython's own, most of which malloc never sees), or all (all).",
        HelpName = "WHICH",
        DefaultValueFactory = _ => "all",
    };

    private readonly Option<bool> _aggregate = MakeOption.Flag("--aggregate", "Keep sums by line only: what was held at the peak, and is held at the end. For long runs.");

    public MemAttachVerb()
        : base("attach", "Record the allocations of a running process.")
    {
        Add(_target);
        foreach (Option option in (Option[])[_output, _force, _duration, _sample, _allocators, _aggregate])
            Add(option);
        SetAction(result => MemoryCommand.Attach(Read(result)));
    }

    public override IReadOnlyList<string> Details =>
    [
        "Every allocation is recorded with its thread and Python stack, from the moment of the attach on: what was allocated before is not known. Nothing is installed in the "
        + "process, and no function of it is called; all threads stand still once for some milliseconds. When the recording ends, or Kaa is killed, the process goes on as before.",
    ];

    public override IReadOnlyList<Example> Examples =>
    [
        new("kaa mem attach 4711 -o app.mem --duration 60", "a minute of it"),
        new("kaa mem attach 4711 -o app.mem --sample 100000", "at next to no cost"),
        new("kaa mem report app.mem", "what it comes to"),
    ];

    public override Completes Completes => Completes.Pids;

    private MemoryArguments Read(ParseResult result)
    {
        int pid = ProcessWord.Pid(result.GetValue(_target)!, FullName);
        string which = result.GetValue(_allocators)!;
        return new MemoryArguments
        {
            Pid = pid,
            Output = result.GetValue(_output) ?? string.Create(CultureInfo.InvariantCulture, $"kaa-mem.{pid}"),
            Force = result.GetValue(_force),
            Duration = result.GetValue(_duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Request = new MemoryRequest
            {
                Allocators = which switch
                {
                    "system" => AllocatorChoice.System,
                    "python" => AllocatorChoice.Python,
                    "all" => AllocatorChoice.All,
                    _ => throw new UsageError($"--allocators takes system, python or all, not '{which}'", FullName),
                },
                SampleBytes = result.GetValue(_sample) is { } bytes ? (long)Math.Max(1, bytes) : null,
                Aggregate = result.GetValue(_aggregate),
            },
        };
    }
}

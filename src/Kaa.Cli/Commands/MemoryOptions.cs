using System.CommandLine;
using Kaa.Control.Memory;

namespace Kaa.Cli.Commands;

/// <summary>What <c>kaa mem attach</c> and <c>kaa mem run</c> take alike.</summary>
internal sealed class MemoryOptions
{
    private readonly Option<long?> _sample = MakeOption.Bytes(
        "--sample", "BYTES", "Record a sample of the allocations, one each BYTES (512K, 2M) on average, instead of every one: estimates with error bars, at next to no cost.");

    private readonly Option<string> _allocators = new("--allocators")
    {
        Description = "Whose: system (malloc and its kin, mmap), python (CPython's own, most of which malloc never sees), or all (all).",
        HelpName = "WHICH",
        DefaultValueFactory = _ => "all",
    };

    private readonly Option<bool> _native = MakeOption.Flag("--native", "Record the C stacks too, merged with Python's, inlined calls included.");

    private readonly Option<bool> _aggregate = MakeOption.Flag("--aggregate", "Keep sums by line only: what was held at the peak, and is held at the end. For long runs.");

    private readonly Option<bool> _follow = MakeOption.Flag("--follow", "Record children too, and the programs that they run: each that has Python in it in FILE.PID.");

    private readonly Option<double?> _duration = MakeOption.Amount("--duration", "S", "End the recording after this many seconds; the process goes on.");

    private readonly Option<bool> _force = MakeOption.Flag("--force", "Replace FILE where it exists.");

    public void AddTo(Verb verb)
    {
        foreach (Option option in (Option[])[_force, _duration, _sample, _allocators, _native, _aggregate, _follow])
            verb.Add(option);
    }

    /// <summary>For what writes no file.</summary>
    public void AddWithoutFileTo(Verb verb)
    {
        foreach (Option option in (Option[])[_duration, _sample, _allocators])
            verb.Add(option);
    }

    public bool Force(ParseResult result) => result.GetValue(_force);

    public bool Follows(ParseResult result) => result.GetValue(_follow);

    public TimeSpan? Duration(ParseResult result) => result.GetValue(_duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    public MemoryRequest Request(ParseResult result, string verb)
    {
        string which = result.GetValue(_allocators)!;
        return new MemoryRequest
        {
            Allocators = which switch
            {
                "system" => AllocatorChoice.System,
                "python" => AllocatorChoice.Python,
                "all" => AllocatorChoice.All,
                _ => throw new UsageError($"--allocators takes system, python or all, not '{which}'", verb),
            },
            SampleBytes = result.GetValue(_sample),
            Native = result.GetValue(_native),
            Aggregate = result.GetValue(_aggregate),
        };
    }
}

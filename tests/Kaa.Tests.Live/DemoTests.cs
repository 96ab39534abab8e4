using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>The first command of the README.</summary>
public sealed class DemoTests
{
    /// <summary>It builds Kaa where that is older than its sources.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    [Fact]
    public void It_explains_why_its_service_hangs_and_ends_it()
    {
        ProgramResult result = Program.Run(Path.Combine(Repository.Root, "kaa"), ["demo"], Patience);
        result.Exit.ShouldBe(0, result.Error);
        result.Output.ShouldContain("DEADLOCK: 2 threads wait for each other");
        string[] said = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string line = said.Single(each => each.Contains("hangs. Why?", StringComparison.Ordinal));
        said[^1].ShouldBe(line);
        string pid = line.Split(' ')[2];
        Directory.Exists("/proc/" + pid).ShouldBeFalse();
    }
}

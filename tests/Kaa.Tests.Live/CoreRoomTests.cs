using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary><c>kaa core PID</c> of a process with much memory that it hardly uses, where there is little room.</summary>
public sealed class CoreRoomTests : IDisposable
{
    private const long Mebibyte = 1 << 20;

    private readonly Cores _cores = new();

    private string Core => Path.Combine(_cores.Directory, "core");

    public void Dispose() => _cores.Dispose();

    [Fact]
    public void Memory_that_was_never_written_to_takes_neither_room_nor_time()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "core_holes.py");
        KaaResult result = Harness.Kaa.Run("core", Pid(child), "-o", Core, "--json");
        result.Exit.ShouldBe(0, result.Output + result.Error);
        result.Json.GetProperty("diskBytes").GetInt64().ShouldBeLessThan(100 * Mebibyte);
        result.Json.GetProperty("way").GetString().ShouldBe("snapshot");
        Harness.Kaa.Run("bt", Core, "--json").Exit.ShouldBe(0);
    }

    /// <summary>A write beyond the limit would end Kaa by SIGXFSZ, and the limit counts holes.</summary>
    [Fact]
    public void A_limit_on_the_size_of_files_is_told_before_anything_is_done()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "core_holes.py");
        ErrorOf(child, "ulimit -f 400000").ShouldBe("file-too-large");
        Directory.GetFiles(_cores.Directory).ShouldBeEmpty();
        Harness.Kaa.Run("core", Pid(child), "-o", Core, "--json").Exit.ShouldBe(0, "it goes on as before");
    }

    [Fact]
    public void A_disk_that_is_too_small_is_told_before_anything_is_done()
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        using PythonChild child = PythonChild.Start(Interpreters.Any, "core_holes.py");
        ErrorOf(child, "mount -t tmpfs -o size=4m none \"${2%/*}\"").ShouldBe("no-space");
    }

    /// <summary>What it says when a shell has first done something, in mounts of its own where it may.</summary>
    private string? ErrorOf(PythonChild child, string first)
    {
        string[] before = Environment.IsPrivilegedProcess ? ["unshare", "--mount"] : ["env"];
        ProgramResult result = Program.Run(
            before[0], [.. before[1..], "/bin/sh", "-c", first + " && exec \"$0\" core \"$1\" -o \"$2\" --json", Repository.Kaa, Pid(child), Core]);
        result.Exit.ShouldBe(1, result.Output + result.Error);
        using JsonDocument answer = JsonDocument.Parse(result.Output);
        return answer.RootElement.GetProperty("error").GetProperty("code").GetString();
    }

    private static string Pid(PythonChild child) => child.Pid.ToString(CultureInfo.InvariantCulture);
}

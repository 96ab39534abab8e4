using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Doctor;

/// <summary>
/// A process in namespaces of its own, with another distribution's root and nothing of the host's: what a container is. Looked at from the host, and from
/// inside by a copy of Kaa, where there is neither ps nor gdb.
/// </summary>
public sealed class ContainerTests : IDisposable
{
    private static readonly Interpreter s_sid = Interpreters.Named("3.14-sid");
    private static readonly string[] s_apart = ["--pid", "--fork", "--kill-child", "--mount", "--net", "--uts", "--ipc", "--root", s_sid.Root!, "--mount-proc"];

    private readonly PythonChild _launcher;

    public ContainerTests() => _launcher = Start([]);

    /// <summary>As the host sees it.</summary>
    private int Pid => Inner(_launcher);

    public void Dispose() => _launcher.Dispose();

    [Fact]
    public void From_the_host_it_is_looked_at_like_any_other_and_its_namespaces_are_told()
    {
        Diagnosis found = Diagnosis.Of(Pid);
        found.Severity("access-ok").ShouldBe("ok");
        string evidence = found.Evidence("other-namespaces");
        foreach (string kind in (string[])["mounts (files): mnt:[", "process ids: pid:[", "network: net:["])
            evidence.ShouldContain(kind);
        found.Has("same-namespaces").ShouldBeFalse();

        KaaResult result = Harness.Kaa.Run("bt", Pid.ToString(CultureInfo.InvariantCulture), "--json", "--native", "--locals");
        result.Exit.ShouldBe(0, result.Output + result.Error);
        result.Json.GetProperty("target").GetProperty("containerPid").GetInt32().ShouldBe(1);
        JsonElement frame = result.Json.GetProperty("threads")[0].GetProperty("frames").EnumerateArray().Last(frame => frame.GetProperty("kind").GetString() == "python");
        frame.GetProperty("source").GetString().ShouldBe("sys.stdin.read()", "the line is read from the container's own files");
    }

    [Fact]
    public void Ps_has_its_pid_inside()
    {
        JsonElement row = Harness.Kaa.Run("ps", "--json").Json.GetProperty("processes").EnumerateArray().Single(process => process.GetProperty("pid").GetInt32() == Pid);
        row.GetProperty("containerPid").GetInt32().ShouldBe(1);
        row.GetProperty("version").GetString().ShouldBe(s_sid.Version);
    }

    [Fact]
    public void Inside_a_copy_of_Kaa_needs_nothing_but_itself()
    {
        string kaa = Path.Combine(s_sid.Root!, "tmp", "kaa-" + Guid.NewGuid().ToString("N"));
        File.Copy(Repository.Kaa, kaa);
        try
        {
            string inside = kaa[s_sid.Root!.Length..];
            JsonElement answer = Enter(inside, "bt", "1", "--json", "--native");
            answer.GetProperty("target").GetProperty("pid").GetInt32().ShouldBe(1);
            answer.GetProperty("threads")[0].GetProperty("frames").EnumerateArray().ShouldContain(frame => frame.GetProperty("kind").GetString() == "python");
            Enter(inside, "doctor", "--json").GetProperty("findings").EnumerateArray().Select(Predictions.Code).ShouldContain("kaa-in-container");
            Enter(inside, "doctor", "1", "--json").GetProperty("findings").EnumerateArray().Select(Predictions.Code).ShouldContain("same-namespaces");
        }
        finally
        {
            File.Delete(kaa);
        }
    }

    [Fact]
    public void Users_of_its_own_are_told()
    {
        using PythonChild launcher = Start(["--user", "--map-root-user"]);
        Diagnosis found = Diagnosis.Of(Inner(launcher));
        found.Evidence("other-namespaces").ShouldContain("user:[");
        found.Severity("access-ok").ShouldBe("ok");
        Harness.Kaa.Run("bt", Inner(launcher).ToString(CultureInfo.InvariantCulture)).Exit.ShouldBe(0);
    }

    private JsonElement Enter(string kaa, params string[] arguments)
    {
        ProgramResult result = Program.Run("nsenter", ["--target", Pid.ToString(CultureInfo.InvariantCulture), "--all", "--root", "--wd", kaa, .. arguments]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        return new KaaResult(result.Exit, result.Output, result.Error).Json;
    }

    private static PythonChild Start(string[] more) =>
        PythonChild.Start(s_sid with { Launch = ["unshare", .. more, .. s_apart, s_sid.Launch[^1]] }, "idle.py");

    private static int Inner(PythonChild launcher) =>
        int.Parse(File.ReadAllText($"/proc/{launcher.Pid}/task/{launcher.Pid}/children").Trim(), CultureInfo.InvariantCulture);
}

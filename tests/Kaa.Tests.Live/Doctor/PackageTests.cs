using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Doctor;

/// <summary>
/// apt and dpkg for real, on a package world of the test's own: a database and a repository in a directory, which APT_CONFIG and DPKG_ADMINDIR name.
/// </summary>
public sealed class PackageTests : IDisposable
{
    private readonly CompiledLibraries _built = new();

    public void Dispose() => _built.Dispose();

    [Fact]
    public void Processes_whose_mapped_files_a_package_would_replace_are_named()
    {
        if (!File.Exists("/usr/bin/apt-get") || !File.Exists("/usr/bin/dpkg-deb"))
            return;
        string library = MakeWorld();
        Interpreter any = Interpreters.Any;
        using PythonChild affected = PythonChild.StartFile(any with { Launch = [.. any.Launch, Repository.Fixture("opens.py")] }, library);
        using PythonChild other = PythonChild.Start(any, "parked.py");
        using System.Diagnostics.Process shell = Program.Start("/usr/bin/env", ["LD_PRELOAD=" + library, "/bin/sh", "-c", "echo ready; read line"]);
        shell.StandardOutput.ReadLine().ShouldBe("ready");
        JsonElement[] findings = Foretell("kaa-test-debugger");
        shell.StandardInput.Close();
        shell.WaitForExit();

        JsonElement plan = findings.WithCode("package-plan");
        plan.GetProperty("severity").GetString().ShouldBe("problem");
        (Predictions.Fact(plan, "installed"), Predictions.Fact(plan, "replaced")).ShouldBe((1, 1));
        (Predictions.Fact(plan, "pythonProcesses"), Predictions.Fact(plan, "otherProcesses")).ShouldBe((1, 1));
        JsonElement python = findings.WithCode("package-replaces");
        python.GetProperty("subject").GetString().ShouldBe(affected.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture));
        python.GetProperty("evidence")[0].GetString().ShouldBe(library + ": replace kaa-test-lib 1.0 by 2.0");
        findings.WithCode("package-replaces-others").GetProperty("evidence")[0].GetString()!.ShouldContain("read line");
    }

    [Fact]
    public void A_package_that_replaces_nothing_is_harmless_and_one_that_is_not_there_unknown()
    {
        if (!File.Exists("/usr/bin/apt-get") || !File.Exists("/usr/bin/dpkg-deb"))
            return;
        MakeWorld();
        JsonElement[] harmless = Foretell("kaa-test-harmless");
        harmless.Select(Predictions.Code).ShouldBe(["package-plan"]);
        harmless[0].GetProperty("severity").GetString().ShouldBe("ok");
        KaaResult unknown = Ask("kaa-test-nowhere");
        unknown.Exit.ShouldBe(3);
        unknown.Output.ShouldContain("package-unknown");
        unknown.Output.ShouldContain("Unable to locate package kaa-test-nowhere");
    }

    /// <summary>kaa-test-lib 1.0 is installed; kaa-test-debugger needs 2.0 of it.</summary>
    private string MakeWorld()
    {
        string library = _built.Library("libkaa-test.so.1", "int kaa_test(void) { return 1; }", "-nostdlib");
        string host = _built.HostDirectory;
        foreach (string directory in (string[])["repo", "admin/info", "admin/updates", "lists/partial", "cache/archives/partial", "tree"])
            Directory.CreateDirectory(Path.Combine(host, directory));
        Pack("kaa-test-lib", "2.0", "");
        Pack("kaa-test-debugger", "1.0", "Depends: kaa-test-lib (>= 2.0)\n");
        Pack("kaa-test-harmless", "1.0", "");
        Write("admin/status", "Package: kaa-test-lib\nStatus: install ok installed\nMaintainer: nobody\nArchitecture: all\nVersion: 1.0\nDescription: test\n\n");
        Write("admin/info/kaa-test-lib.list", $"/.\n{library}\n");
        Write("admin/info/format", "1\n");
        Write("admin/available", "");
        Write("sources.list", $"deb [trusted=yes] file:{host}/repo ./\n");
        Write("apt.conf", $"""
            Dir::State::status "{host}/admin/status";
            Dir::State::lists "{host}/lists";
            Dir::Cache "{host}/cache";
            Dir::Etc::sourcelist "{host}/sources.list";
            Dir::Etc::sourceparts "-";
            Dir::Etc::preferencesparts "-";
            APT::Sandbox::User "root";
            """);
        Program.Run("/bin/sh", ["-c", $"cd {host}/repo && dpkg-scanpackages -m . > Packages 2>/dev/null || true; test -s Packages"]).Exit.ShouldBe(0);
        ProgramResult update = Program.Run("/usr/bin/env", [.. World(), "apt-get", "-q", "update"]);
        update.Exit.ShouldBe(0, update.Output + update.Error);
        return library;
    }

    private void Pack(string name, string version, string fields)
    {
        string tree = Path.Combine(_built.HostDirectory, "tree", name);
        Directory.CreateDirectory(Path.Combine(tree, "DEBIAN"));
        File.WriteAllText(
            Path.Combine(tree, "DEBIAN", "control"),
            $"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\n{fields}Description: test\n");
        ProgramResult packed = Program.Run("dpkg-deb", ["--build", "--root-owner-group", tree, Path.Combine(_built.HostDirectory, "repo", name + ".deb")]);
        packed.Exit.ShouldBe(0, packed.Error);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_built.HostDirectory, name), text);

    private string[] World() => [$"APT_CONFIG={_built.HostDirectory}/apt.conf", $"DPKG_ADMINDIR={_built.HostDirectory}/admin"];

    private KaaResult Ask(string package)
    {
        ProgramResult result = Program.Run("/usr/bin/env", [.. World(), Repository.Kaa, "doctor", "--package", package, "--json"]);
        return new KaaResult(result.Exit, result.Output, result.Error);
    }

    private JsonElement[] Foretell(string package)
    {
        KaaResult result = Ask(package);

        // 3 where there is a process that even root may not read.
        result.Exit.ShouldBeOneOf([0, 3], result.Output + result.Error);
        return [.. result.Json.GetProperty("findings").EnumerateArray()];
    }
}

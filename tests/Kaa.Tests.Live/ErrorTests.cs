using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>Processes that can't be looked at: each has its own code, and a hint.</summary>
public sealed class ErrorTests
{
    [Fact]
    public void A_program_that_is_no_Python_is_told_apart()
    {
        using Process process = Program.Start("/bin/cat", []);
        try
        {
            ErrorOf(process.Id).ShouldBe("not-python");
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    [Fact]
    public void The_Python_that_a_shell_has_started_is_named()
    {
        string python = Interpreters.Any.Launch[0];
        using Process shell = Program.Start("/bin/sh", ["-c", $"{python} -c 'import os, sys; print(os.getpid(), flush=True); sys.stdin.read()'; true"]);
        try
        {
            string child = shell.StandardOutput.ReadLine()!;
            KaaResult result = Harness.Kaa.Run("bt", shell.Id.ToString(CultureInfo.InvariantCulture));
            result.Exit.ShouldBe(1);
            result.Error.ShouldContain($"do run Python: {child} ({python} -c ");
        }
        finally
        {
            // The Python ends with its input, and the shell with the Python.
            shell.StandardInput.Close();
            shell.WaitForExit();
        }
    }

    [Fact]
    public void A_zombie_is_told_apart()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "zombie.py");
        ErrorOf(int.Parse(child.Ready, CultureInfo.InvariantCulture)).ShouldBe("zombie");
    }

    [Fact]
    public void A_thread_of_the_kernel_is_told_apart()
    {
        // In a container there are none to be seen.
        if (File.Exists("/proc/2/comm") && File.ReadAllText("/proc/2/comm").Trim() == "kthreadd")
            ErrorOf(2).ShouldBe("kernel-thread");
        else
            ErrorOf(int.MaxValue).ShouldBe("no-such-process");
    }

    [Fact]
    public void A_process_that_has_exited_does_not_exist()
    {
        int pid;
        using (PythonChild child = PythonChild.Start(Interpreters.Any, "parked.py"))
            pid = child.Pid;
        ErrorOf(pid).ShouldBe("no-such-process");
    }

    [Fact]
    public void One_of_several_that_fails_does_not_lose_the_others()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "parked.py");
        string pid = child.Pid.ToString(CultureInfo.InvariantCulture);
        KaaResult json = Harness.Kaa.Run("bt", "4194305", pid, "--json");
        json.Exit.ShouldBe(1);
        JsonElement[] answers = [.. json.Json.EnumerateArray()];
        answers.Length.ShouldBe(2);
        answers[0].GetProperty("error").GetProperty("code").GetString().ShouldBe("no-such-process");
        answers[0].GetProperty("target").GetProperty("pid").GetInt32().ShouldBe(4194305);
        answers[1].GetProperty("threads").GetArrayLength().ShouldBe(1);

        KaaResult text = Harness.Kaa.Run("bt", "4194305", pid);
        text.Exit.ShouldBe(1);
        text.Error.ShouldContain("4194305");
        text.Output.ShouldContain("wait_for_line");
    }

    [Fact]
    public void A_thread_that_does_not_exist_is_an_error_that_names_those_that_do()
    {
        using PythonChild child = PythonChild.Start(Interpreters.Any, "parked.py");
        KaaResult result = Harness.Kaa.Run("bt", child.Pid.ToString(CultureInfo.InvariantCulture), "--thread", "nobody");
        result.Exit.ShouldBe(1);
        result.Error.ShouldContain("nobody");
        result.Error.ShouldContain("MainThread");
    }

    private static string? ErrorOf(int pid)
    {
        string number = pid.ToString(CultureInfo.InvariantCulture);
        KaaResult text = Harness.Kaa.Run("bt", number);
        text.Exit.ShouldBe(1);
        text.Output.ShouldBeEmpty();
        text.Error.ShouldStartWith("kaa: ");
        KaaResult json = Harness.Kaa.Run("bt", number, "--json");
        json.Exit.ShouldBe(1);
        JsonElement error = json.Json.GetProperty("error");
        error.GetProperty("message").GetString().ShouldNotBeNullOrEmpty();
        error.GetProperty("hint").GetString().ShouldNotBeNullOrEmpty();
        return error.GetProperty("code").GetString();
    }
}

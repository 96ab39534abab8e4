using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live;

/// <summary>Options, help, exit codes: what needs no target.</summary>
public sealed class CommandLineTests
{
    /// <summary>Above what the kernel can give: PID_MAX_LIMIT is 2^22.</summary>
    private const string NoPid = "4194305";

    [Fact]
    public void The_version_is_one_line() => Harness.Kaa.Run("--version").Output.ShouldMatch(@"^kaa \d+\.\d+\.\d+\n$");

    [Theory]
    [InlineData("--help")]
    [InlineData("bt", "--help")]
    [InlineData("ps", "-h")]
    [InlineData("completion", "--help")]
    public void Help_goes_to_the_output_and_is_no_error(params string[] arguments)
    {
        KaaResult result = Harness.Kaa.Run(arguments);
        result.Exit.ShouldBe(0);
        result.Output.ShouldStartWith("Usage: kaa ");
        result.Output.ShouldContain("Examples:");
        result.Output.Split('\n').ShouldAllBe(line => line.Length <= 110);
        result.Error.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("bt")]
    [InlineData("bt", "1", "--nativ")]
    [InlineData("bt", "nginx")]
    [InlineData("bt", "0")]
    [InlineData("bt", "-1")]
    [InlineData("bt", "1", "--source", "-1")]
    [InlineData("bt", "1", "--source", "x")]
    [InlineData("bt", "1", "--every", "0")]
    [InlineData("bt", "1", "--max-pause", "soon")]
    [InlineData("bt", "1", "--redact")]
    [InlineData("bt", "1", "--redact", "(")]
    [InlineData("ps", "1")]
    [InlineData("completion", "tcsh")]
    public void A_command_line_that_makes_no_sense_is_a_usage_error(params string[] arguments)
    {
        KaaResult result = Harness.Kaa.Run([.. arguments.Where(argument => argument.Length > 0)]);
        result.Exit.ShouldBe(2);
        result.Output.ShouldBeEmpty();
        result.Error.ShouldContain("kaa");
    }

    [Fact]
    public void A_usage_error_with_json_is_an_object_on_the_output()
    {
        KaaResult result = Harness.Kaa.Run("bt", "nginx", "--json");
        result.Exit.ShouldBe(2);
        JsonElement error = result.Json.GetProperty("error");
        error.GetProperty("code").GetString().ShouldBe("usage");
        error.GetProperty("message").GetString()!.ShouldContain("nginx");
    }

    [Fact]
    public void A_program_given_as_a_core_is_told_to_be_none()
    {
        KaaResult result = Harness.Kaa.Run("bt", Repository.Kaa);
        result.Exit.ShouldBe(1);
        result.Error.ShouldContain("not a core");
        result.Error.ShouldContain("--exe");
    }

    [Fact]
    public void A_process_that_does_not_exist_is_an_error_of_the_user()
    {
        KaaResult result = Harness.Kaa.Run("bt", NoPid);
        result.Exit.ShouldBe(1);
        result.Output.ShouldBeEmpty();
        result.Error.ShouldContain(NoPid);
        JsonElement error = Harness.Kaa.Run("bt", NoPid, "--json").Json.GetProperty("error");
        error.GetProperty("code").GetString().ShouldBe("no-such-process");
        error.GetProperty("message").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public void The_bash_completion_offers_commands_and_options()
    {
        const string Try = """
            eval "$("$0" completion bash)"
            complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kaa; echo "${COMPREPLY[*]}"; }
            complete_words kaa ''
            complete_words kaa bt --loc
            complete_words kaa completion f
            """;
        ProgramResult result = Program.Run("/bin/bash", ["-c", Try, Repository.Kaa]);
        result.Error.ShouldBeEmpty();
        string[] lines = result.Output.Split('\n');
        lines[0].Split(' ').ShouldBeSubsetOf(["bt", "core", "debug", "detach", "doctor", "exec", "mem", "pdb", "ps", "repl", "trace", "completion", "--help", "--version"]);
        lines[1].ShouldBe("--locals");
        lines[2].ShouldBe("fish");
    }

    [Theory]
    [InlineData("zsh", "#compdef kaa")]
    [InlineData("fish", "complete -c kaa")]
    public void Other_shells_have_a_script_with_every_option_too(string shell, string sign)
    {
        string script = Harness.Kaa.Run("completion", shell).Output;
        script.ShouldContain(sign);
        script.ShouldContain("max-pause");
    }

    [Fact]
    public void The_man_page_names_every_option_of_the_help()
    {
        string page = Harness.Kaa.Run("man").Output.Replace("\\-", "-", StringComparison.Ordinal);
        page.ShouldStartWith(".TH KAA 1");
        string[] options = [.. Harness.Kaa.Run("bt", "--help").Output.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries).Where(word => word.StartsWith("--", StringComparison.Ordinal))];
        options.Length.ShouldBeGreaterThan(10);
        options.ShouldAllBe(option => page.Contains(option.Trim(), StringComparison.Ordinal));
    }

    [Fact]
    public void The_binary_is_fully_static() => Program.Run("readelf", ["-d", Repository.Kaa]).Output.ShouldContain("no dynamic section");

    [Fact]
    public void A_reader_that_goes_away_ends_it_quietly()
    {
        ProgramResult result = Program.Run("/bin/bash", ["-c", "{ \"$0\" --help; echo $? >&2; } | :", Repository.Kaa]);
        // Whether it was still writing when the reader ended decides between the two.
        result.Error.Trim().ShouldBeOneOf("0", 141.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public void A_full_disk_is_told()
    {
        ProgramResult result = Program.Run("/bin/bash", ["-c", "\"$0\" --help >/dev/full", Repository.Kaa]);
        result.Exit.ShouldBe(1);
        result.Error.ShouldContain("output");
    }
}

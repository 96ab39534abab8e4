using System.Globalization;
using System.Text.Json;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Doctor;

/// <summary>The answer of <c>kaa doctor --json</c>.</summary>
internal sealed class Diagnosis
{
    private readonly JsonElement _root;

    private Diagnosis(JsonElement root) => _root = root;

    public IEnumerable<string> Codes => _root.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("code").GetString()!);

    public JsonElement Interpreter => _root.GetProperty("interpreter");

    public static Diagnosis Of(PythonChild child) => Of(child.Pid);

    public static Diagnosis Of(int pid) => From(Harness.Kaa.Run("doctor", pid.ToString(CultureInfo.InvariantCulture), "--json"));

    public static Diagnosis OfCore(string path) => From(Harness.Kaa.Run("doctor", path, "--json"));

    /// <summary>With other rights, variables or namespaces.</summary>
    public static Diagnosis By(string[] launcher, int pid)
    {
        ProgramResult result = Program.Run(launcher[0], [.. launcher[1..], Repository.Kaa, "doctor", pid.ToString(CultureInfo.InvariantCulture), "--json"]);
        return From(new KaaResult(result.Exit, result.Output, result.Error));
    }

    /// <summary>Of the machine alone.</summary>
    public static Diagnosis Machine(string[] launcher)
    {
        ProgramResult result = Program.Run(launcher[0], [.. launcher[1..], Repository.Kaa, "doctor", "--json"]);
        return From(new KaaResult(result.Exit, result.Output, result.Error));
    }

    /// <summary>Of all findings of a code.</summary>
    public string?[] Subjects(string code) =>
        [.. _root.GetProperty("findings").EnumerateArray().Where(finding => finding.GetProperty("code").GetString() == code).Select(finding => finding.GetProperty("subject").GetString())];

    public bool Has(string code) => Codes.Contains(code);

    public string Severity(string code) => Find(code).GetProperty("severity").GetString()!;

    public string? Subject(string code) => Find(code).GetProperty("subject").GetString();

    public string Evidence(string code) => Lines(code, "evidence");

    public string Remedy(string code) => Lines(code, "remedy");

    /// <summary>Codes of the findings of a severity.</summary>
    public string[] Which(string severity) =>
        [.. _root.GetProperty("findings").EnumerateArray().Where(finding => finding.GetProperty("severity").GetString() == severity).Select(finding => finding.GetProperty("code").GetString()!)];

    private static Diagnosis From(KaaResult result)
    {
        result.Exit.ShouldBeOneOf(0, 3);
        return new Diagnosis(result.Json);
    }

    private string Lines(string code, string key) => string.Join('\n', Find(code).GetProperty(key).EnumerateArray().Select(line => line.GetString()));

    private JsonElement Find(string code)
    {
        foreach (JsonElement finding in _root.GetProperty("findings").EnumerateArray())
        {
            if (finding.GetProperty("code").GetString() == code)
                return finding;
        }

        throw new InvalidOperationException($"no finding {code} in {_root}");
    }
}

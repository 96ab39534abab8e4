using System.Globalization;
using System.Text.Json;

namespace Kaa.Tests.Live.Harness;

/// <summary>What <c>kaa doctor --json</c> foretells.</summary>
internal static class Predictions
{
    public static JsonElement[] Of(int pid, params string[] arguments) => Ask([pid.ToString(CultureInfo.InvariantCulture), .. arguments]);

    public static JsonElement[] Ask(params string[] arguments)
    {
        KaaResult result = Kaa.Run(["doctor", .. arguments, "--json"]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        return [.. result.Json.GetProperty("findings").EnumerateArray()];
    }

    public static string Code(JsonElement finding) => finding.GetProperty("code").GetString()!;

    public static string Title(JsonElement finding) => finding.GetProperty("title").GetString()!;

    public static int Fact(JsonElement finding, string name) => finding.GetProperty("facts").GetProperty(name).GetInt32();

    public static JsonElement WithCode(this IEnumerable<JsonElement> findings, string code) => findings.Single(finding => Code(finding) == code);

    public static string Text(IEnumerable<JsonElement> findings) => string.Join('\n', findings.Select(finding => finding.GetRawText()));
}

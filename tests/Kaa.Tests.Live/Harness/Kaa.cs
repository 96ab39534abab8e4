using System.Text.Json;

namespace Kaa.Tests.Live.Harness;

/// <summary>The published binary.</summary>
public static class Kaa
{
    public static KaaResult Run(params string[] arguments)
    {
        ProgramResult result = Program.Run(Repository.Kaa, arguments);
        return new KaaResult(result.Exit, result.Output, result.Error);
    }

    /// <summary>Runs <c>kaa bt PID --json …</c>, which must give a complete answer.</summary>
    public static JsonElement Stacks(PythonChild child, params string[] arguments)
    {
        KaaResult result = Run(["bt", child.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture), "--json", .. arguments]);
        result.Exit.ShouldBe(0, result.Output + result.Error);
        return result.Json;
    }
}

public sealed record KaaResult(int Exit, string Output, string Error)
{
    /// <summary>The output as one JSON value.</summary>
    public JsonElement Json
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(Output);
            return document.RootElement.Clone();
        }
    }
}

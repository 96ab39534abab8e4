using System.Text.Json;
using Kaa.Linux;
using Kaa.Report.Json;
using Kaa.Report.Text;

namespace Kaa.Cli.Output;

/// <summary>Says on standard error, or with --json on standard output, why there is no answer.</summary>
internal static class Errors
{
    public static void Report(string code, string message, string? hint, bool json)
    {
        if (json)
            WriteJson(code, message, hint);
        else
            Write(message, hint);
    }

    public static void Write(string message, string? hint)
    {
        using StreamWriter writer = Streams.Error();
        StyledWriter styled = Streams.Styled(writer, StandardStream.Error, null);
        styled.Text("kaa: ", Tone.Alarm);
        foreach (string line in message.Split('\n'))
            styled.Data(line).Line();
        if (hint is not null)
            styled.Text("     ").Data(hint).Line();
    }

    private static void WriteJson(string code, string message, string? hint)
    {
        using (Utf8JsonWriter json = JsonText.Writer(StandardStream.Output))
            ErrorJson.Write(json, code, message, hint);
        StandardStream.Output.Write("\n"u8);
    }
}

using System.Text;
using System.Text.Json;
using Kaa.Report.Json;
using Kaa.Results;

namespace Kaa.Tests.Unit.Report;

public sealed class StackJsonTests
{
    [Fact]
    public void Keys_and_nulls_are_those_of_the_contract() =>
        Approved.ShouldBe("deadlock.json", Pretty(Print(json => StackJson.Write(Samples.Deadlocked(), json))));

    [Fact]
    public void Lone_surrogates_still_give_valid_JSON()
    {
        StackReport report = Samples.With(Samples.Stack(Samples.Frame("f\ud800", "/caf\udce9.py", 1, "x = '\U0001f40d'")));
        JsonElement frame = JsonDocument.Parse(Print(json => StackJson.Write(report, json))).RootElement
            .GetProperty("threads")[0].GetProperty("frames")[0];
        frame.GetProperty("file").GetString().ShouldBe(@"/caf\udce9.py");
        frame.GetProperty("function").GetString().ShouldBe(@"f\ud800");
        frame.GetProperty("source").GetString().ShouldBe("x = '\U0001f40d'");
    }

    [Fact]
    public void Frames_are_never_folded()
    {
        StackFrame[] frames = [.. Enumerable.Repeat(Samples.Frame("again", "/a.py", 9), 10_000)];
        JsonDocument.Parse(Print(json => StackJson.Write(Samples.With(Samples.Stack(frames)), json))).RootElement
            .GetProperty("threads")[0].GetProperty("frames").GetArrayLength().ShouldBe(10_000);
    }

    [Fact]
    public void A_round_says_which_threads_moved()
    {
        StackReport before = Samples.With(Samples.Stack(Samples.Frame("f", "/a.py", 1)));
        StackReport now = Samples.With(Samples.Stack(Samples.Frame("f", "/a.py", 2)));
        JsonElement root = JsonDocument.Parse(Print(json => StackJson.Write(now, json, 2, before))).RootElement;
        root.GetProperty("round").GetInt32().ShouldBe(2);
        root.GetProperty("threads")[0].GetProperty("moved").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public void An_error_has_code_message_and_hint() =>
        Print(json => ErrorJson.Write(json, "no-such-process", "There is no process 1.", null))
            .ShouldBe("""{"schema":1,"error":{"code":"no-such-process","message":"There is no process 1.","hint":null}}""");

    internal static string Print(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(stream))
            write(json);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    internal static string Pretty(string json)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            JsonDocument.Parse(json).RootElement.WriteTo(writer);
        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }
}

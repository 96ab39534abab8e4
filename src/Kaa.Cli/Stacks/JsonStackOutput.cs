using System.Text.Json;
using Kaa.Linux;
using Kaa.Report.Json;
using Kaa.Results;

namespace Kaa.Cli.Stacks;

/// <summary>One line a round: an object, or an array where several processes may answer.</summary>
internal sealed class JsonStackOutput(StackRequest request) : IStackOutput
{
    private readonly Utf8JsonWriter _json = JsonText.Writer(StandardStream.Output);

    public void Begin(Round? round)
    {
        _json.Reset();
        if (request.HasSeveralAnswers)
            _json.WriteStartArray();
    }

    public void Write(StackReport report, Round? round, StackReport? before) => StackJson.Write(report, _json, round?.Number, before);

    public void Write(StackTarget target, UserError error) =>
        ErrorJson.Write(_json, error.Code, error.Message, error.Hint, target.Pid, target.Core);

    public void End()
    {
        if (request.HasSeveralAnswers)
            _json.WriteEndArray();
        _json.Flush();
        StandardStream.Output.Write("\n"u8);
    }

    /// <summary>Without writing what is left: after an error that would be half an answer.</summary>
    public void Dispose() => _json.Reset(Stream.Null);
}

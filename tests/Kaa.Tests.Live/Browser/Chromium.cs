using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kaa.Tests.Live.Harness;

namespace Kaa.Tests.Live.Browser;

/// <summary>
/// Debian's Chromium without a window, told what to do by its DevTools protocol (https://chromedevtools.github.io/devtools-protocol) over a pair of pipes: messages of JSON
/// with a zero byte behind each. Nothing of it is kept.
/// </summary>
internal sealed class Chromium : IDisposable
{
    public const string Program = "chromium";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _profile = Directory.CreateTempSubdirectory("kaa-chromium-").FullName;
    private readonly Process _process;
    private readonly Stream _answers;
    private readonly Queue<byte> _read = new();
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _last;

    public Chromium()
    {
        // Its sandbox can't be had by root, and what is opened is our own.
        string arguments = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions --disable-background-networking --mute-audio --window-size=1200,900";
        _process = Harness.Program.Start("/bin/sh", ["-c", $"exec {Program} {arguments} --remote-debugging-pipe --user-data-dir={_profile} about:blank 3<&0 4>&1 </dev/null >/dev/null 2>&1"]);
        _answers = _process.StandardOutput.BaseStream;
    }

    /// <summary>What it told without having been asked, in order.</summary>
    public List<JsonObject> Events { get; } = [];

    /// <summary>Sends one command and waits for its answer.</summary>
    /// <param name="session">Of a page; null for the browser itself.</param>
    public JsonObject Ask(string method, JsonObject? parameters = null, string? session = null)
    {
        int number = ++_last;
        var message = new JsonObject { ["id"] = number, ["method"] = method, ["params"] = parameters ?? [] };
        if (session is not null)
            message["sessionId"] = session;
        byte[] bytes = Encoding.UTF8.GetBytes(message.ToJsonString() + "\0");
        _process.StandardInput.BaseStream.Write(bytes);
        _process.StandardInput.BaseStream.Flush();
        while (true)
        {
            JsonObject answer = Receive(method);
            if (answer["id"]?.GetValue<int>() != number)
            {
                Events.Add(answer);
                continue;
            }

            if (answer["error"] is { } error)
                throw new InvalidOperationException($"{method}: {error}");
            return answer["result"]!.AsObject();
        }
    }

    /// <summary>Waits until it tells of something, unless it has already.</summary>
    public JsonObject WaitFor(string method)
    {
        while (true)
        {
            if (Events.Find(each => each["method"]?.GetValue<string>() == method) is { } told)
                return told;
            Events.Add(Receive(method));
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit(Patience);
        _process.Dispose();
        Directory.Delete(_profile, recursive: true);
    }

    private JsonObject Receive(string wanted)
    {
        var message = new List<byte>();
        while (true)
        {
            while (_read.TryDequeue(out byte next))
            {
                if (next == 0)
                    return JsonNode.Parse(message.ToArray())!.AsObject();
                message.Add(next);
            }

            Task<int> reading = _answers.ReadAsync(_buffer, 0, _buffer.Length);
            if (!reading.Wait(Patience))
                throw new TimeoutException($"{Program} did not answer to {wanted}");
            if (reading.Result == 0)
                throw new InvalidOperationException($"{Program} has ended before {wanted}");
            foreach (byte next in _buffer.AsSpan(0, reading.Result))
                _read.Enqueue(next);
        }
    }
}

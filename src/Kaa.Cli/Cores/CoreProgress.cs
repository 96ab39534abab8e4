using System.Globalization;
using Kaa.Cli.Output;
using Kaa.Control.Cores;
using Kaa.Linux;
using Kaa.Results;

namespace Kaa.Cli.Cores;

/// <summary>What is said while a core is written, on standard error: the prediction, and on a terminal how far it is.</summary>
internal sealed class CoreProgress(bool json) : IDisposable
{
    private const int Width = 30;

    private readonly StreamWriter _errors = Streams.Error();
    private readonly bool _isTerminal = StandardStream.Error.IsTerminal;
    private int _shown = -1;

    public void Predict(CorePrediction prediction)
    {
        if (json)
            return;
        string way = prediction.Way == CoreWay.Snapshot ? "a copy of the process" : "the process while it stands still";
        string time = Milliseconds(prediction.PauseMicroseconds);
        _errors.Write(string.Create(CultureInfo.InvariantCulture, $"kaa: about {Amount.Of(prediction.Bytes)} of {way}; predicted pause {time}\n"));
        _errors.Flush();
    }

    public void Show(ulong done, ulong all)
    {
        if (!_isTerminal || json || all == 0)
            return;
        int percent = (int)(done * 100 / all);
        if (percent == _shown)
            return;
        _shown = percent;
        int filled = percent * Width / 100;
        _errors.Write(string.Create(
            CultureInfo.InvariantCulture, $"\r[{new string('#', filled)}{new string(' ', Width - filled)}] {percent,3} % of {Amount.Of(all)}"));
        _errors.Flush();
    }

    /// <summary>Takes the bar away.</summary>
    public void End()
    {
        if (_shown >= 0)
            _errors.Write("\r\e[K");
        _shown = -1;
        _errors.Flush();
    }

    public static string Milliseconds(long microseconds) => microseconds < 10_000
        ? string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1000.0:0.0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1000} ms");

    public void Dispose()
    {
        End();
        _errors.Dispose();
    }
}

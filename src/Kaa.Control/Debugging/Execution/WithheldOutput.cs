namespace Kaa.Control.Debugging.Execution;

/// <summary>Keeps what a word writes until it is known that it need not be done once more.</summary>
internal sealed class WithheldOutput : ISessionOutput
{
    private const int Error = -1;

    private readonly List<string> _texts = [];
    private readonly List<int> _tones = [];

    public void Write(string text, SessionTone tone = SessionTone.Plain) => Add(text, (int)tone);

    public void WriteError(string line) => Add(line, Error);

    public void Flush()
    {
    }

    public void GiveTo(ISessionOutput output)
    {
        for (int i = 0; i < _texts.Count; i++)
        {
            if (_tones[i] == Error)
                output.WriteError(_texts[i]);
            else
                output.Write(_texts[i], (SessionTone)_tones[i]);
        }

        Clear();
    }

    public void Clear()
    {
        _texts.Clear();
        _tones.Clear();
    }

    private void Add(string text, int tone)
    {
        _texts.Add(text);
        _tones.Add(tone);
    }
}

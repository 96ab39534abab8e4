using System.Text;
using Kaa.Cli.Output;
using Kaa.Linux;
using Kaa.Linux.Terminal;
using Kaa.Report.Memory;

namespace Kaa.Cli.Memory;

/// <summary>The terminal as a screen (xterm's alternate one, no cursor, no wrapping of what is too wide): what stood there before comes back, at the latest when a second signal ends Kaa.</summary>
internal sealed class LiveScreen : IDisposable
{
    private readonly TerminalInput _input;
    private readonly Interruption _interruption;
    private readonly System.Threading.Lock _leaving = new();
    private int _width;
    private int _height;
    private bool _isLeft;

    public LiveScreen(TerminalInput input, Interruption interruption)
    {
        _input = input;
        _interruption = interruption;
        interruption.BeforeEnd = Leave;
        input.EnterRaw();
        Write("\e[?1049h\e[?25l\e[?7l");
    }

    /// <summary>The terminal has another size than what was drawn.</summary>
    public bool IsResized => _width != TerminalInput.Width || _height != TerminalInput.Height;

    /// <summary>Rows of the table that there is room for.</summary>
    public static int Rows => LiveText.RowsOf(TerminalInput.Height);

    /// <summary>Over what is there, so that nothing flickers. Not at all on a terminal that takes nothing just now (Ctrl-S).</summary>
    public void Draw(LiveView view)
    {
        _width = TerminalInput.Width;
        _height = TerminalInput.Height;
        if (!StandardStream.Output.IsWritable)
            return;
        var text = new StringWriter();
        LiveText.WriteScreen(view, _width, _height, Streams.Styled(text, StandardStream.Output, null));

        // What stood there is erased before a line is written: behind a line that fills the row its last character would go too. What stands below goes with the last one.
        string[] lines = text.ToString().TrimEnd('\n').Split('\n');
        lines[^1] = "\e[J" + lines[^1];
        Write("\e[H\e[K" + string.Join("\r\n\e[K", lines));
    }

    public void Dispose()
    {
        Leave();
        _interruption.BeforeEnd = null;
    }

    private void Leave()
    {
        lock (_leaving)
        {
            if (_isLeft)
                return;
            _isLeft = true;
            try
            {
                if (StandardStream.Output.IsWritable)
                    Write("\e[?7h\e[?25h\e[?1049l");
            }
            finally
            {
                _input.LeaveRaw();
            }
        }
    }

    private static void Write(string text) => StandardStream.Output.Write(Encoding.UTF8.GetBytes(text));
}

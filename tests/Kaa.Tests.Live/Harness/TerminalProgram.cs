using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Kaa.Tests.Live.Harness;

/// <summary>A program on a pseudo-terminal of its own, which controls it.</summary>
public sealed class TerminalProgram : IDisposable
{
    private const int ReadWrite = 2; // O_RDWR
    private const int NoControl = 0x100; // O_NOCTTY
    private const int CloseOnExec = 0x80000; // O_CLOEXEC
    private const short Readable = 1; // POLLIN
    private const nuint GetAttributes = 0x5401; // TCGETS
    private const nuint SetWindowSize = 0x5414; // TIOCSWINSZ
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly int _master;
    private readonly int _slave;
    private readonly Process _process;
    private readonly TerminalScreen _screen;
    private readonly System.Threading.Thread _reader;
    private readonly byte[] _before;
    private Exception? _failure;
    private volatile bool _isHungUp;

    /// <param name="environment">NAME=VALUE.</param>
    public TerminalProgram(string program, IEnumerable<string> arguments, int width = 120, int height = 30, string environment = "TERM=xterm")
    {
        _master = Checked(OpenTerminal(ReadWrite | NoControl | CloseOnExec));
        Checked(Grant(_master));
        Checked(Unlock(_master));
        byte[] name = new byte[64];
        Checked(NameOf(_master, name, name.Length));
        string path = System.Text.Encoding.UTF8.GetString(name).TrimEnd('\0');
        _slave = Checked(Open(path, ReadWrite | NoControl | CloseOnExec));
        _screen = new TerminalScreen(width, height);
        Resize(width, height);
        _before = Attributes();
        _reader = new System.Threading.Thread(Read) { IsBackground = true };
        _reader.Start();

        // Whoever started the tests in the background ignores SIGHUP and SIGINT, which is inherited.
        _process = Program.Start("/bin/sh", ["-c", $"exec setsid --ctty env --default-signal=HUP,INT {environment} \"$0\" \"$@\" <>{path} >&0 2>&0", program, .. arguments]);
    }

    public int Pid => _process.Id;

    /// <summary>The terminal is as it was before the program: its modes, its screen, its cursor.</summary>
    public void ShouldBeAsBefore()
    {
        WaitUntil(screen => !screen.IsAlternate && screen.HasCursor && screen.Wraps);
        Attributes().ShouldBe(_before);
    }

    public string WaitUntil(string text) => WaitUntil(screen => (screen.IsAlternate ? screen.Text : screen.Main).Contains(text, StringComparison.Ordinal));

    /// <summary>Gives what is shown by then.</summary>
    public string WaitUntil(Func<TerminalScreen, bool> isThere)
    {
        var patience = Stopwatch.StartNew();
        lock (_screen)
        {
            while (!isThere(_screen))
            {
                if (_failure is not null || patience.Elapsed > Patience)
                    throw new TimeoutException($"{_failure} The terminal shows\n{_screen.Text}\nand before\n{_screen.Main}");
                System.Threading.Monitor.Wait(_screen, 100);
            }

            return _screen.IsAlternate ? _screen.Text : _screen.Main;
        }
    }

    public void Type(string keys)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(keys);
        Write(_master, bytes, bytes.Length).ShouldBe(bytes.Length);
    }

    public void Resize(int width, int height)
    {
        lock (_screen)
        {
            _screen.Resize(width, height);
            Checked(Control(_master, SetWindowSize, [(ushort)height, (ushort)width, 0, 0]));
        }
    }

    public void Signal(string name) => Program.Run("/bin/kill", ["-" + name, Pid.ToString(CultureInfo.InvariantCulture)]).Exit.ShouldBe(0);

    /// <summary>The window is closed.</summary>
    public void HangUp()
    {
        // A terminal is there for as long as somebody reads it.
        _isHungUp = true;
        _reader.Join();
        _ = Close(_slave);
        _ = Close(_master);
    }

    public int WaitForExit()
    {
        _process.WaitForExit(Patience).ShouldBeTrue("the program on the terminal has not ended");
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit(Patience);
        _process.Dispose();
        if (!_isHungUp)
            HangUp();
    }

    private byte[] Attributes()
    {
        byte[] attributes = new byte[64];
        Checked(Control(_slave, GetAttributes, attributes));
        return attributes;
    }

    private void Read()
    {
        byte[] buffer = new byte[4096];
        while (!_isHungUp)
        {
            var poll = new PollEntry { Descriptor = _master, Events = Readable };
            nint count = Poll(ref poll, 1, 20) > 0 ? Read(_master, buffer, buffer.Length) : 0;
            if (count <= 0)
                continue;
            lock (_screen)
            {
                try
                {
                    _screen.Write(buffer.AsSpan(0, (int)count));
                }
                catch (InvalidOperationException e)
                {
                    _failure = e;
                }

                System.Threading.Monitor.PulseAll(_screen);
            }
        }
    }

    private static int Checked(int result)
    {
        result.ShouldBeGreaterThanOrEqualTo(0, Marshal.GetLastPInvokeErrorMessage());
        return result;
    }

    [DllImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    private static extern int OpenTerminal(int flags);

    [DllImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    private static extern int Grant(int descriptor);

    [DllImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static extern int Unlock(int descriptor);

    [DllImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    private static extern int NameOf(int descriptor, byte[] name, nint length);

    [DllImport("libc", EntryPoint = "open", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false)]
    private static extern int Open(string path, int flags);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    private static extern nint Read(int descriptor, byte[] buffer, nint length);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static extern int Poll(ref PollEntry entries, nuint count, int timeout);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    private static extern nint Write(int descriptor, byte[] buffer, nint length);

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static extern int Control(int descriptor, nuint request, byte[] argument);

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static extern int Control(int descriptor, nuint request, ushort[] argument);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }
}

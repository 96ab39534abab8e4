using Kaa.Linux.Calls;

namespace Kaa.Linux.Terminal;

/// <summary>Standard input: a terminal that can give keys one by one, or a pipe or file that gives lines.</summary>
public sealed unsafe class TerminalInput : IDisposable
{
    private const int StandardInput = 0;
    private const uint GetAttributes = 0x5401; // TCGETS
    private const uint SetAttributes = 0x5403; // TCSETSW: once what was written is out
    private const uint GetWindowSize = 0x5413; // TIOCGWINSZ
    private const uint BytesWaiting = 0x541b; // FIONREAD

    // struct termios of the kernel (include/uapi/asm-generic/termbits.h).
    private const int Size = 36;
    private const int LocalModes = 12; // c_lflag
    private const int ControlCharacters = 17; // c_cc
    private const int LeastTime = 5; // VTIME
    private const int LeastBytes = 6; // VMIN
    private const uint Signals = 1; // ISIG
    private const uint Canonical = 2; // ICANON
    private const uint Echo = 8; // ECHO
    private const uint Extended = 0x8000; // IEXTEN

    private readonly WakePipe? _wake;
    private readonly byte[]? _before;
    private readonly byte[] _buffer = new byte[4096];
    private int _next;
    private int _end;
    private bool _isRaw;

    /// <param name="wake">Once it is rung, the input has ended.</param>
    public TerminalInput(WakePipe? wake = null)
    {
        _wake = wake;
        byte[] attributes = new byte[Size + 28];
        fixed (byte* place = attributes)
            _before = Libc.Control(StandardInput, GetAttributes, place) == 0 ? attributes : null;
    }

    public bool IsTerminal => _before is not null;

    /// <summary>Columns; 80 where it does not say.</summary>
    public static int Width => Dimension(1) is > 0 and int columns ? columns : 80;

    /// <summary>Rows; 24 where it does not say.</summary>
    public static int Height => Dimension(0) is > 0 and int rows ? rows : 24;

    /// <summary>A byte is there, or the end: reading does not wait.</summary>
    public bool HasByte
    {
        get
        {
            int waiting = 0;
            return _next < _end || Libc.Control(StandardInput, BytesWaiting, &waiting) != 0 || waiting > 0;
        }
    }

    /// <summary>Keys come as they are pressed, unseen, Ctrl-C as a byte.</summary>
    public void EnterRaw()
    {
        if (_before is null || _isRaw)
            return;
        byte[] raw = [.. _before];
        uint modes = BitConverter.ToUInt32(raw, LocalModes) & ~(Signals | Canonical | Echo | Extended);
        BitConverter.TryWriteBytes(raw.AsSpan(LocalModes), modes);
        raw[ControlCharacters + LeastBytes] = 1;
        raw[ControlCharacters + LeastTime] = 0;
        _isRaw = Set(raw);
    }

    /// <summary>As it was found; in the background too, where a shell has the terminal by now.</summary>
    public void LeaveRaw()
    {
        if (_isRaw && _before is not null)
            BackgroundWrite.Do(() => Set(_before));
        _isRaw = false;
    }

    /// <summary>The next byte; −1 at the end.</summary>
    public int ReadByte()
    {
        if (_next == _end && !Fill())
            return -1;
        return _buffer[_next++];
    }

    /// <summary>A line without its end; null at the end.</summary>
    public string? ReadLine()
    {
        var bytes = new List<byte>();
        int next;
        while ((next = ReadByte()) >= 0 && next != '\n')
            bytes.Add((byte)next);
        if (next < 0 && bytes.Count == 0)
            return null;
        return System.Text.Encoding.UTF8.GetString([.. bytes]).TrimEnd('\r');
    }

    public void Dispose() => LeaveRaw();

    // struct winsize: rows, then columns.
    private static int Dimension(int index)
    {
        ushort* size = stackalloc ushort[4];
        return Libc.Control(StandardInput, GetWindowSize, size) == 0 ? size[index] : 0;
    }

    private static bool Set(byte[] attributes)
    {
        fixed (byte* place = attributes)
            return Libc.Control(StandardInput, SetAttributes, place) == 0;
    }

    /// <summary>Waits for input; false where it was woken instead.</summary>
    private bool Await()
    {
        if (_wake is not { Number: >= 0 } wake)
            return true;
        PollEntry* entries = stackalloc PollEntry[]
        {
            new PollEntry { Descriptor = StandardInput, Events = PollEntry.Readable },
            new PollEntry { Descriptor = wake.Number, Events = PollEntry.Readable },
        };
        while (Libc.Poll(entries, 2, -1) < 0 && Errno.Last == Errno.Interrupted)
        {
        }

        return entries[1].Happened == 0;
    }

    private bool Fill()
    {
        if (!Await())
            return false;
        nint got;
        fixed (byte* place = _buffer)
        {
            do
                got = Libc.Read(StandardInput, place, (nuint)_buffer.Length);
            while (got < 0 && Errno.Last == Errno.Interrupted);
        }

        _next = 0;
        _end = (int)Math.Max(got, 0);
        return got > 0;
    }
}

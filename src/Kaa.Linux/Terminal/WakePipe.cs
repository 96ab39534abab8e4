using Kaa.Linux.Calls;

namespace Kaa.Linux.Terminal;

/// <summary>Ends the wait for input, once and for all: rung by any thread, heard by <see cref="TerminalInput"/>.</summary>
public sealed unsafe class WakePipe : IDisposable
{
    private readonly Descriptor? _reader;
    private readonly Descriptor? _writer;

    public WakePipe() => _ = Descriptor.TryMakePipe(out _reader, out _writer);

    /// <summary>Can be read from once it was rung; −1 where there is none (no descriptor was free).</summary>
    internal int Number => _reader?.Number ?? -1;

    public void Ring()
    {
        byte anything = 0;
        if (_writer is { } writer)
            _ = Libc.Write(writer.Number, &anything, 1);
    }

    public void Dispose()
    {
        _reader?.Dispose();
        _writer?.Dispose();
    }
}

namespace Kaa.Linux.Files;

/// <summary>A file that has its name from the first byte on, so that others can read it while it grows: 0600, and it belongs to whoever called sudo.</summary>
public sealed class GrowingFile : Stream
{
    private readonly NewFile _file;
    private long _length;

    private GrowingFile(NewFile file, string path)
    {
        _file = file;
        Path = path;
    }

    public string Path { get; }

    /// <summary>False where it has been deleted, or cut, by somebody else.</summary>
    public bool IsWhole => new FileInfo(Path) is { Exists: true } now && now.Length >= _length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    /// <exception cref="Kaa.Results.UserError">file-exists, no-such-directory, not-permitted, output.</exception>
    public static GrowingFile Create(string path, bool force)
    {
        var file = NewFile.Create(path, force);
        file.Publish();
        return new GrowingFile(file, path);
    }

    /// <exception cref="Kaa.Results.UserError">no-space, file-too-large, output.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _file.WriteAt(_length, buffer);
        _length += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file.Dispose();
        base.Dispose(disposing);
    }
}

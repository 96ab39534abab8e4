using System.Globalization;
using Kaa.Formats;
using Kaa.Formats.Compression;
using Kaa.Results;

namespace Kaa.Target.Cores;

/// <summary>
/// A compressed core (systemd-coredump's), unpacked to a file that has no name any more: it vanishes with the process, however that ends.
/// Pages of zeros take no room.
/// </summary>
/// <param name="Stream">Readable, from its start.</param>
/// <param name="Note">What was done.</param>
internal sealed record UnpackedCore(FileStream Stream, Note Note)
{
    private const int PieceSize = 1 << 20;
    private const int PageSize = 4096;

    /// <summary>What is left free for others.</summary>
    private const long Reserve = 256 << 20;

    /// <summary>Between two looks at how much room there is.</summary>
    private const long RoomStep = 32 << 20;

    /// <param name="packed">From its start; closed with this.</param>
    /// <param name="onPiece">Called now and then; may throw to end it.</param>
    /// <exception cref="UserError">no-space, core-damaged.</exception>
    public static UnpackedCore Make(string path, FileStream packed, PackedFormat format, Action? onPiece)
    {
        string directory = Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } chosen ? chosen : "/var/tmp";
        using UnpackingStream unpacking = Unpacking.Open(packed, format, Limits.UnpackedCore)!;
        FileStream file = Create(path, directory);
        try
        {
            BadData? damage = Copy(unpacking, file, directory, onPiece);
            if (damage is not null && file.Length == 0)
                throw new UserError("core-damaged", $"{path} can't be unpacked: {damage.Message}", "was it copied whole?", damage);
            file.Position = 0;
            return new UnpackedCore(file, Said(path, file.Length, directory, damage));
        }
        catch (IOException exception)
        {
            file.Dispose();
            throw new UserError("no-space", $"{directory} has not enough room to unpack {path} in, of which {Reserve >> 20} MiB are left to others", Hint(path), exception);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static FileStream Create(string path, string directory)
    {
        string name = Path.Combine(directory, "kaa-core-" + Guid.NewGuid().ToString("N"));
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
            };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            var file = new FileStream(name, options);
            File.Delete(name);
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserError("no-space", $"{path} is compressed, and no file to unpack it to can be made in {directory}", Hint(path), exception);
        }
    }

    /// <summary>What was wrong with the compressed file; null where nothing was. What came out before counts.</summary>
    private static BadData? Copy(UnpackingStream unpacking, FileStream file, string directory, Action? onPiece)
    {
        byte[] piece = GC.AllocateUninitializedArray<byte>(PieceSize);
        BadData? damage = null;
        long length = 0;
        long written = 0;
        long nextLook = 0;
        while (damage is null)
        {
            onPiece?.Invoke();
            int got = Fill(unpacking, piece, out damage);
            if (got == 0)
                break;
            if (written >= nextLook)
            {
                RequireRoom(directory);
                nextLook = written + RoomStep;
            }

            written += WritePages(file, length, piece.AsSpan(0, got));
            length += got;
        }

        file.SetLength(length);
        return damage;
    }

    private static int Fill(UnpackingStream unpacking, byte[] piece, out BadData? damage)
    {
        damage = null;
        int done = 0;
        try
        {
            while (done < piece.Length && unpacking.Read(piece.AsSpan(done)) is > 0 and int got)
                done += got;
        }
        catch (BadData bad)
        {
            damage = bad;
        }

        return done;
    }

    /// <summary>Writes what is not zero; gives how much that was.</summary>
    private static long WritePages(FileStream file, long offset, ReadOnlySpan<byte> piece)
    {
        long written = 0;
        while (!piece.IsEmpty)
        {
            int length = RunLength(piece, out bool isZero);
            if (!isZero)
            {
                RandomAccess.Write(file.SafeFileHandle, piece[..length], offset);
                written += length;
            }

            offset += length;
            piece = piece[length..];
        }

        return written;
    }

    /// <summary>Whole pages of the same kind at the start.</summary>
    private static int RunLength(ReadOnlySpan<byte> piece, out bool isZero)
    {
        isZero = IsZero(piece);
        int length = 0;
        while (length < piece.Length && IsZero(piece[length..]) == isZero)
            length = Math.Min(length + PageSize, piece.Length);
        return length;
    }

    private static bool IsZero(ReadOnlySpan<byte> rest) => !rest[..Math.Min(rest.Length, PageSize)].ContainsAnyExcept((byte)0);

    private static void RequireRoom(string directory)
    {
        if (new DriveInfo(Path.GetFullPath(directory)).AvailableFreeSpace < Reserve + RoomStep)
            throw new IOException();
    }

    private static Note Said(string path, long length, string directory, BadData? damage)
    {
        string bytes = length.ToString(CultureInfo.InvariantCulture);
        string text = $"{path} is compressed; it was unpacked to {bytes} bytes in {directory}, which are gone when this command ends";
        return damage is null
            ? new Note("core-unpacked", text, path)
            : new Note("core-unpacked", $"{text}; there it broke off: {damage.Message}", path, Incomplete: true);
    }

    private static string Hint(string path) => $"TMPDIR names another directory; or unpack it yourself where there is room: zstd -d, xz -d or lz4 -d {path}";
}

using System.Globalization;
using Kaa.Formats;
using Kaa.Formats.Compression;
using Kaa.Formats.Cores;
using Kaa.Formats.Elf;
using Kaa.Results;

namespace Kaa.Target.Cores;

/// <summary>Opens a core file, or says in plain words why it is none that can be read.</summary>
internal static class CoreOpening
{
    /// <param name="unpacked">What was done to unpack it; null where it was not compressed.</param>
    /// <exception cref="UserError">no-such-file, not-permitted, empty-file, not-a-core, foreign-architecture, core-damaged, no-space.</exception>
    public static CoreFile Open(string path, Action? onProgress, out Note? unpacked)
    {
        FileStream stream = OpenStream(path);
        unpacked = null;
        try
        {
            PackedFormat format = Unpacking.FormatOf(Start(stream, stackalloc byte[Unpacking.MagicLength]));
            if (format != PackedFormat.None)
                (stream, unpacked) = UnpackedCore.Make(path, stream, format, onProgress);
            Check(path, Start(stream, stackalloc byte[ElfIdentity.Length]));
            return CoreFile.Open(stream);
        }
        catch (BadData damage)
        {
            stream.Dispose();
            throw Damaged(path, damage);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static FileStream OpenStream(string path)
    {
        if (Directory.Exists(path))
            throw new UserError("not-a-core", $"{path} is a directory", "give the path of a core file, or a pid");
        var info = new FileInfo(path);
        if (!info.Exists)
            throw new UserError("no-such-file", $"there is no file {path}", "give the path of a core file, or a pid; kaa ps lists the Python processes");
        try
        {
            if (info.Length == 0)
            {
                throw new UserError(
                    "empty-file", $"{path} is empty, or no regular file", "did the disk fill up when it was written? is RLIMIT_CORE (ulimit -c) 0?");
            }

            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (UnauthorizedAccessException)
        {
            throw new UserError("not-permitted", $"{path} may not be read by this user", "cores belong to the user of the process, or to root: try sudo");
        }
        catch (IOException exception)
        {
            throw new UserError("not-permitted", $"{path} can't be opened", "is its disk or network file system in order?", exception);
        }
    }

    private static ReadOnlySpan<byte> Start(FileStream stream, Span<byte> buffer)
    {
        int got = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return buffer[..got];
    }

    private static void Check(string path, ReadOnlySpan<byte> start)
    {
        ElfIdentity identity = ElfIdentity.Of(start);
        switch (identity.Verdict)
        {
            case ElfVerdict.NotElf:
                throw new UserError("not-a-core", $"{path} is no ELF file, so it is no core", "give the path of a core file, or a pid");
            case ElfVerdict.Elf32:
                throw Foreign($"{path} is of a 32-bit program ({identity.MachineName})");
            case ElfVerdict.BigEndian or ElfVerdict.ForeignArchitecture:
                throw Foreign($"{path} is of another architecture ({identity.MachineName})");
        }

        // e_type
        var type = (ElfType)(start[16] | (start[17] << 8));
        if (type == ElfType.Core)
            return;
        string what = type switch
        {
            ElfType.Executable => "a program",
            ElfType.SharedObject => "a program or library",
            ElfType.Relocatable => "an object file",
            _ => "an ELF file of type " + ((int)type).ToString(CultureInfo.InvariantCulture),
        };
        throw new UserError("not-a-core", $"{path} is {what}, not a core", "to look at a core of it: kaa bt CORE --exe " + path);
    }

    private static UserError Foreign(string message) =>
        new("foreign-architecture", message + "; only 64-bit x86 can be read", "run a Kaa that was built for it, where there is one");

    private static UserError Damaged(string path, BadData damage) => new(
        "core-damaged", $"{path} is a core, but so short or damaged that it can't be read ({damage.Message})", "was it written and copied whole?", damage);
}

using Kaa.Linux.Launching;
using Kaa.Linux.Terminal;
using Kaa.Results;

namespace Kaa.Cli.Running;

/// <summary>Code that is to be run in a process, from a file.</summary>
internal static class SourceFile
{
    private const int MostBytes = 64 << 20;

    /// <param name="path">"-" for the standard input.</param>
    /// <exception cref="UserError">no-file: it can't be read, or is no text that anybody would run.</exception>
    /// <exception cref="OperationCanceledException">The Kaa that this is a copy of is gone.</exception>
    public static byte[] Read(string path, ParentLife? parent) => path == "-" ? ReadInput(parent) : ReadFile(path);

    private static byte[] ReadFile(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return ReadAll(path, () => file.ReadByte());
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Unreadable(path, "there is no such file");
        }
        catch (UnauthorizedAccessException)
        {
            throw Unreadable(path, Directory.Exists(path) ? "it is a directory" : "permission denied");
        }
        catch (IOException e)
        {
            throw Unreadable(path, "error " + (e.HResult & 0xffff).ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private static byte[] ReadInput(ParentLife? parent)
    {
        using var wake = new WakePipe();
        parent?.WhenGone(wake.Ring);
        try
        {
            using var input = new TerminalInput(wake);
            byte[] all = ReadAll("-", input.ReadByte);
            return parent?.IsGone == true ? throw new OperationCanceledException() : all;
        }
        finally
        {
            parent?.WhenGone(() => { });
        }
    }

    private static byte[] ReadAll(string path, Func<int> next)
    {
        using var all = new MemoryStream();
        for (int one = next(); one >= 0; one = next())
        {
            if (all.Length == MostBytes)
                throw Unreadable(path, "it has more than 64 MiB");
            all.WriteByte((byte)one);
        }

        return all.ToArray();
    }

    private static UserError Unreadable(string path, string why) => new("no-file", $"{path} can't be read: {why}", null);
}

namespace Kaa.Formats.ProcText;

/// <summary><c>/proc/PID/cmdline</c> and <c>environ</c>: strings that each end with a NUL, in memory that the process may overwrite.</summary>
public static class NulSeparated
{
    /// <summary>
    /// The strings. NULs at the end are all taken as padding, since a process that wrote itself a title (setproctitle) leaves them:
    /// empty arguments at the very end of a command are lost.
    /// </summary>
    public static List<string> Split(ReadOnlySpan<byte> text)
    {
        var result = new List<string>();
        ReadOnlySpan<byte> rest = text.TrimEnd((byte)0);
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)0);
            result.Add(ProcReader.Decode(end < 0 ? rest : rest[..end]));
            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return result;
    }

    /// <summary>The value of a variable in an environment, as getenv(3) would find it: the first of that name; null where there is none.</summary>
    public static string? FindVariable(ReadOnlySpan<byte> environ, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> rest = environ;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)0);
            ReadOnlySpan<byte> entry = end < 0 ? rest : rest[..end];
            if (entry.Length > name.Length && entry.StartsWith(name) && entry[name.Length] == (byte)'=')
                return ProcReader.Decode(entry[(name.Length + 1)..]);
            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return null;
    }
}

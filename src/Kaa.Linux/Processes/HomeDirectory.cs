using System.Text;
using Kaa.Linux.Calls;

namespace Kaa.Linux.Processes;

/// <summary>The user's home: HOME, else what passwd(5) says of the user id.</summary>
public static class HomeDirectory
{
    private const int HomeField = 5;
    private const int UserField = 2;

    /// <summary>Null where neither tells.</summary>
    public static string? Find()
    {
        if (Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } home)
            return home;
        try
        {
            return Parse(File.ReadAllBytes("/etc/passwd"), Libc.GetUserId());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static string? Parse(ReadOnlySpan<byte> passwd, uint uid)
    {
        foreach (Range range in passwd.Split((byte)'\n'))
        {
            string[] fields = Encoding.UTF8.GetString(passwd[range]).Split(':');
            if (fields.Length > HomeField && uint.TryParse(fields[UserField], out uint user) && user == uid && fields[HomeField].Length > 0)
                return fields[HomeField];
        }

        return null;
    }
}

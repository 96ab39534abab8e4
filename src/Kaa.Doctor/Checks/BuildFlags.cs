using System.Text;
using Kaa.Linux.Files;
using Kaa.Python;

namespace Kaa.Doctor.Checks;

/// <summary>How CPython was configured and compiled, from the <c>_sysconfigdata…py</c> that its build wrote beside the standard library.</summary>
internal static class BuildFlags
{
    private const int MostBytes = 256 << 10;
    private const int MostEntries = 5_000;

    private static readonly string[] Names = ["CONFIG_ARGS", "OPT", "PY_CFLAGS"];

    public static IEnumerable<string> Lines(TargetRoot? root, PythonVersion version, BuildFlavour flavour, string? prefix)
    {
        if (root is null || prefix is null || FindFile(root, version, flavour, prefix) is not { } path || Read(root, path) is not { } text)
            yield break;
        foreach (string name in Names)
        {
            if (Value(text, name) is { Length: > 0 } value)
                yield return $"{name}: {value}";
        }
    }

    private static string? FindFile(TargetRoot root, PythonVersion version, BuildFlavour flavour, string prefix)
    {
        string directory = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{prefix.TrimEnd('/')}/lib/python{version.Major}.{version.Minor}");
        foreach (string name in root.List(directory, MostEntries))
        {
            if (IsOf(name, flavour))
                return directory + "/" + name;
        }

        return null;
    }

    /// <summary>
    /// _sysconfigdata_ABIFLAGS_PLATFORM_MULTIARCH.py (Lib/sysconfig.py, _get_sysconfigdata_name); 2.7 has no such parts. A debug build's may lie
    /// beside the release build's.
    /// </summary>
    internal static bool IsOf(string name, BuildFlavour flavour)
    {
        const string Start = "_sysconfigdata";
        if (!name.StartsWith(Start, StringComparison.Ordinal) || !name.EndsWith(".py", StringComparison.Ordinal))
            return false;
        string[] parts = name[Start.Length..^3].Split('_');
        string flags = parts.Length > 1 ? parts[1] : "";
        return flags.Contains('d', StringComparison.Ordinal) == flavour.Debug && flags.Contains('t', StringComparison.Ordinal) == flavour.FreeThreaded;
    }

    private static string? Read(TargetRoot root, string path)
    {
        using Stream? stream = root.OpenRead(path);
        if (stream is null)
            return null;
        byte[] bytes = new byte[(int)Math.Min(stream.Length, MostBytes)];
        return Encoding.UTF8.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
    }

    /// <summary>The value of a key in the dict display: string literals in a row, as pprint breaks long ones.</summary>
    internal static string? Value(string text, string name)
    {
        string key = $"'{name}':";
        int at = text.IndexOf(key, StringComparison.Ordinal);
        if (at < 0)
            return null;
        var value = new StringBuilder();
        for (at += key.Length; at < text.Length && (char.IsWhiteSpace(text[at]) || text[at] is '\'' or '"' or '('); at++)
        {
            char quote = text[at];
            if (quote is not ('\'' or '"'))
                continue;
            for (at++; at < text.Length && text[at] != quote; at++)
            {
                if (text[at] == '\\' && at + 1 < text.Length)
                    at++;
                value.Append(text[at]);
            }
        }

        return value.ToString().Trim();
    }
}

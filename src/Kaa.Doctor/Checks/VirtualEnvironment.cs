using System.Text;
using Kaa.Linux.Files;
using Kaa.Results;
using Kaa.Python;

namespace Kaa.Doctor.Checks;

/// <summary>
/// A virtual environment (PEP 405) has no interpreter of its own: its <c>bin/python</c> is a link, or a copy of the starter alone. Whoever gives its
/// path to a debugger gives it the wrong file.
/// </summary>
internal static class VirtualEnvironment
{
    public static IEnumerable<Finding> Examine(Examined examined, InterpreterInfo info, SysFacts? sys)
    {
        if (sys?.Prefix is not { } prefix || sys.BasePrefix is not { } home || prefix == home)
            yield break;
        Dictionary<string, string> configuration = Read(examined.Process?.Root, prefix + "/pyvenv.cfg");
        var evidence = new List<string> { $"sys.prefix: {prefix}", $"sys.base_prefix: {home}", $"sys.executable: {sys.Executable}", "what is mapped: " + (info.Library ?? info.Executable) };
        foreach (string key in (string[])["home", "version", "version_info"])
        {
            if (configuration.TryGetValue(key, out string? value))
                evidence.Add($"pyvenv.cfg: {key} = {value}");
        }

        yield return new Finding("virtualenv", Severity.Info, $"it runs in the virtual environment {prefix}; the interpreter is that of {home}")
        {
            Evidence = evidence,
            Remedy = examined.Pid is null ? [] : ["# a debugger wants the interpreter itself, not the environment's bin/python:", $"gdb {ShellWord.Of(info.Executable ?? "")} {examined.Pid}"],
            Subject = prefix,
        };
        if (Stale(configuration, info) is { } made)
        {
            yield return new Finding("virtualenv-stale", Severity.Warning, $"the virtual environment was made for Python {made}, and runs on {info.Version}: compiled packages in it may be of the wrong version")
            {
                Evidence = evidence,
                Remedy = [$"{ShellWord.Of(sys.Executable ?? "python3")} -m venv --upgrade {ShellWord.Of(prefix)}", "# and install its packages again"],
                Subject = prefix,
            };
        }
    }

    /// <summary>The version that it was made for, where its major or minor number is another one than what runs.</summary>
    private static string? Stale(Dictionary<string, string> configuration, InterpreterInfo info)
    {
        string? made = configuration.GetValueOrDefault("version") ?? configuration.GetValueOrDefault("version_info");
        string[] parts = (made ?? "").Split('.');
        string[] runs = info.Version.Split('.');
        return parts.Length >= 2 && runs.Length >= 2 && (parts[0], parts[1]) != (runs[0], runs[1]) ? made : null;
    }

    private static Dictionary<string, string> Read(TargetRoot? root, string path)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        using Stream? stream = root?.OpenRead(path);
        if (stream is null || stream.Length > 64 << 10)
            return values;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
                values[line[..equals].Trim()] = line[(equals + 1)..].Trim();
        }

        return values;
    }
}

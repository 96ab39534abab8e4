using System.Globalization;
using Kaa.Formats.Network;
using Kaa.Linux.Files;
using Kaa.Results;

namespace Kaa.Linux.Debuginfod;

/// <summary>
/// Asks debuginfod servers for debug files by build-id, and keeps what it gets where debuginfod's own client does (debuginfod_find_debuginfo(3)), in the same
/// arrangement: whoever has asked before need not ask again. Whether a file is of the right build is proved by who opens it.
/// </summary>
public sealed class DebuginfodClient
{
    private const int LongestId = 64;
    private const int DefaultPatience = 90; // as DEBUGINFOD_TIMEOUT has it

    private readonly IReadOnlyList<string> _servers;
    private readonly string? _cache;
    private readonly TimeSpan _patience;
    private readonly HashSet<string> _failed = [];
    private readonly HashSet<string> _asked = [];
    private readonly List<Note> _notes = [];

    private DebuginfodClient(IReadOnlyList<string> servers, string? cache, TimeSpan patience)
    {
        _servers = servers;
        _cache = cache;
        _patience = patience;
    }

    /// <summary>Servers that could not be asked.</summary>
    public IReadOnlyList<Note> Notes => _notes;

    /// <summary>As the environment says it, else the machine's settings.</summary>
    /// <exception cref="UserError">debuginfod-no-server: nothing names one.</exception>
    public static DebuginfodClient FromEnvironment()
    {
        IReadOnlyList<string> servers = DebuginfodSettings.Servers();
        if (servers.Count == 0)
        {
            throw new UserError(
                "debuginfod-no-server", "no debuginfod server is known: DEBUGINFOD_URLS is not set, and /etc/debuginfod names none",
                "give one, as in DEBUGINFOD_URLS=https://debuginfod.debian.net");
        }

        int seconds = int.TryParse(Environment.GetEnvironmentVariable("DEBUGINFOD_TIMEOUT"), NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given > 0
            ? given
            : DefaultPatience;
        return new DebuginfodClient(servers, DebuginfodSettings.Cache(), TimeSpan.FromSeconds(seconds));
    }

    /// <summary>The debug file of a build; null where no server has one. A build is asked for once.</summary>
    public Stream? Find(byte[] id)
    {
        if (id.Length is < 2 or > LongestId)
            return null;
        string name = Convert.ToHexStringLower(id);
        if (_cache is null)
            return None("debuginfod-failed", "there is no place to keep debug files in: HOME is not set");
        string path = _cache + "/" + name + "/debuginfo";
        if (Open(path) is { } kept)
            return kept;
        return _asked.Add(name) && Download(name, path) ? Open(path) : null;
    }

    /// <summary>debuginfod's client leaves empty files for what no server had.</summary>
    private static Stream? Open(string path)
    {
        Stream? file = HostFiles.OpenRead(path);
        if (file is { Length: > 0 })
            return file;
        file?.Dispose();
        return null;
    }

    private bool Download(string id, string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            foreach (string server in _servers)
            {
                if (!_failed.Contains(server) && Ask(server, id, path))
                    return true;
            }
        }
        catch (Exception error) when (error is UserError or IOException or UnauthorizedAccessException)
        {
            None("debuginfod-failed", "a debug file could not be kept: " + error.Message);
        }

        return false;
    }

    private bool Ask(string server, string id, string path)
    {
        string file = "/buildid/" + id + "/debuginfo";
        DownloadResult result;
        string? problem;
        if (HttpAddress.Parse(server) is not { } address)
            (result, problem) = (DownloadResult.Failed, "it is no address of http or https");
        else if (address.IsSecure)
            result = CurlDownload.Get(server.TrimEnd('/') + file, path, _patience, out problem);
        else
            result = HttpDownload.Get(address, file, path, _patience, out problem);
        if (result == DownloadResult.Failed && _failed.Add(server))
            _notes.Add(new Note("debuginfod-failed", $"the debuginfod server {server} could not be asked: {problem}", server, Incomplete: true));
        return result == DownloadResult.Done;
    }

    private Stream? None(string code, string message)
    {
        if (!_notes.Exists(note => note.Message == message))
            _notes.Add(new Note(code, message, null, Incomplete: true));
        return null;
    }
}

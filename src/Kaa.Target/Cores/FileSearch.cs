namespace Kaa.Target.Cores;

/// <summary>Where on this machine a file of the process may be.</summary>
internal sealed class FileSearch
{
    private readonly RootedFiles _root;
    private readonly string? _exe;
    private readonly bool _hasOwnRoot;
    private readonly HashSet<string> _guesses = new(StringComparer.Ordinal);

    /// <param name="hasOwnRoot">The root was given: then files may also lie in that directory itself, and on this machine.</param>
    public FileSearch(RootedFiles root, string? exe, bool hasOwnRoot)
    {
        _root = root;
        _exe = exe;
        _hasOwnRoot = hasOwnRoot;
    }

    /// <summary>The program of the process; known once all mappings are.</summary>
    public MappedFile? Program { get; set; }

    /// <summary>Real paths, likely ones first.</summary>
    public IEnumerable<string> Places(MappedFile file)
    {
        if (file == Program && _exe is not null)
            yield return _exe;
        if (_root.Resolve(file.Path) is { } inRoot)
            yield return inRoot;
        if (!_hasOwnRoot)
            yield break;
        string name = file.Path[(file.Path.LastIndexOf('/') + 1)..];
        if (_root.Resolve("/" + name) is { } flat)
            yield return Guess(flat);
        yield return Guess(file.Path);
    }

    /// <summary>False for a place where the file lies only by chance: it must be proved to be the one.</summary>
    public bool IsExact(string host) => !_guesses.Contains(host);

    public bool Exists(MappedFile file)
    {
        foreach (string place in Places(file))
        {
            if (File.Exists(place))
                return true;
        }

        return false;
    }

    private string Guess(string place)
    {
        _guesses.Add(place);
        return place;
    }
}

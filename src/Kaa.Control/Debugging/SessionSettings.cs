namespace Kaa.Control.Debugging;

/// <summary>What <c>set</c> has changed, by gdb's names.</summary>
public sealed class SessionSettings
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>att or intel.</summary>
    public string DisassemblyFlavor => Find("disassembly-flavor") ?? "att";

    /// <summary>Characters of a value that are printed; 0 for no limit.</summary>
    public int PrintElements => Find("print elements") is "unlimited" ? 0 : int.TryParse(Find("print elements"), out int number) ? number : 200;

    /// <summary>Characters of a Python value that are printed: libpython.py's MAX_OUTPUT_LEN.</summary>
    public int PythonText => int.TryParse(Find("python-text"), out int number) && number > 0 ? number : 1024;

    /// <summary>False: a breakpoint at what is not loaded is refused. In gdb a person is asked.</summary>
    public bool AllowsPending => Find("breakpoint pending") is not ("off" or "0");

    /// <summary>After a fork the new process is debugged, and its parent let go.</summary>
    public bool FollowsChild => Find("follow-fork-mode") == "child";

    /// <summary>After a fork the new process is debugged beside its parent.</summary>
    public bool FollowsBoth => Find("follow-fork-mode") == "both";

    /// <summary>Functions are called where Kaa would refuse it: the process may hang or die of it.</summary>
    public bool AllowsUnsafeCalls => Find("unsafe-calls") == "on";

    /// <summary>Each breakpoint stops all threads, though its commands need only the one that has come there.</summary>
    public bool AlwaysStops => Find("breakpoint always-stop") == "on";

    public bool Confirms => Find("confirm") != "off";

    public string? Find(string name) => _values.GetValueOrDefault(name);

    public void Set(string name, string value) => _values[name] = value;
}

namespace Kaa.Control.Debugging;

/// <summary>What <c>set</c> has changed, by gdb's names.</summary>
public sealed class SessionSettings
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>att or intel.</summary>
    public string DisassemblyFlavor => Find("disassembly-flavor") ?? "att";

    /// <summary>Characters of a value that are printed; 0 for no limit.</summary>
    public int PrintElements => int.TryParse(Find("print elements"), out int number) ? number : 200;

    public bool Confirms => Find("confirm") != "off";

    public string? Find(string name) => _values.GetValueOrDefault(name);

    public void Set(string name, string value) => _values[name] = value;
}

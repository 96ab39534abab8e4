namespace Kaa.Cli.Commands;

/// <summary><c>kaa mem</c>: a group.</summary>
internal sealed class MemVerb : Verb
{
    public MemVerb()
        : base("mem", "Record which line of Python allocated what, and report it.")
    {
        Add(new MemAttachVerb());
        Add(new MemRunVerb());
        Add(new MemDetachVerb());
        Add(new MemLiveVerb());
        Add(new MemReportVerb());
        SetAction(_ => Refuse());
    }

    private int Refuse() => throw new UsageError("kaa mem takes one of: " + string.Join(", ", Choices), Name);

    public override IReadOnlyList<string> Choices => [.. Subcommands.Select(member => member.Name)];
}

using System.CommandLine;

namespace Kaa.Cli.Commands;

/// <summary>A command of Kaa, with what its help and the man page say beyond the options.</summary>
internal abstract class Verb(string name, string summary) : Command(name, summary)
{
    /// <summary>As it is typed: <c>mem attach</c>.</summary>
    public string FullName => Parents.FirstOrDefault() is Verb group ? group.FullName + " " + Name : Name;

    /// <summary>Paragraphs below the summary.</summary>
    public virtual IReadOnlyList<string> Details => [];

    public virtual IReadOnlyList<Example> Examples => [];

    /// <summary>What a shell offers for the arguments.</summary>
    public virtual Completes Completes => Completes.Nothing;

    /// <summary>The words that an argument may be; empty where any may.</summary>
    public virtual IReadOnlyList<string> Choices => [];

    /// <summary>Which of a few words it is.</summary>
    /// <exception cref="UsageError">It is none of them.</exception>
    protected int OneOf(string[] words, string word, string option)
    {
        int index = Array.IndexOf(words, word);
        return index >= 0 ? index : throw new UsageError($"{option} takes {string.Join(", ", words)}, not '{word}'", FullName);
    }
}

internal sealed record Example(string Command, string Meaning);

internal enum Completes
{
    Nothing,
    Pids,
}

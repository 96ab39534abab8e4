using System.CommandLine;
using Kaa.Cli.Generate;
using Kaa.Cli.Output;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa man</c>: how the man page is made when Kaa is published.</summary>
internal sealed class ManualVerb : Verb
{
    public ManualVerb()
        : base("man", "Print the man page, kaa(1).")
    {
        Hidden = true;
        SetAction(_ => Print());
    }

    private int Print()
    {
        using StreamWriter output = Streams.Output();
        output.Write(ManualPage.Text((KaaCommand)Parents.First()));
        return ExitCode.Complete;
    }
}

namespace Kaa.Linux.Launching;

/// <summary>A program that is to be started under Kaa's eyes.</summary>
/// <param name="Command">As it is typed: the program, sought in PATH, and its arguments.</param>
/// <param name="OwnGroup">
/// It gets a process group of its own, so that Ctrl-C at the terminal reaches only one of it and Kaa: whoever the terminal is lent to (<see cref="TerminalLoan"/>).
/// </param>
public sealed record LaunchRequest(IReadOnlyList<string> Command, bool OwnGroup)
{
    /// <summary>Variables as NAME=VALUE; null for Kaa's own.</summary>
    public IReadOnlyList<string>? Environment { get; init; }
}

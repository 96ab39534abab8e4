namespace Kaa.Control.Following;

/// <summary>By which calls a process becomes another one.</summary>
[Flags]
public enum GateChoice
{
    None = 0,

    /// <summary>It runs another program.</summary>
    Execs = 1,

    /// <summary>It makes children.</summary>
    Children = 2,

    All = Execs | Children,
}

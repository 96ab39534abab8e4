namespace Kaa.Linux.Controlling;

/// <summary>What Kaa has changed of a program's code: where its instructions are run instead.</summary>
public interface ITrapSites
{
    /// <summary>Where a thread goes on that has met an int3 at the address. Null where none of Kaa's lies, or ever lay, there.</summary>
    ulong? Detour(ulong address);

    /// <summary>Where the instruction at the address is run: in a copy where Kaa's jump covers it, else there.</summary>
    ulong Real(ulong address);

    /// <summary>The instruction of the program that a thread is at which runs a copy; null where it is at none.</summary>
    ulong? Shown(ulong real);
}

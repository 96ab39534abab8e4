namespace Kaa.Linux.Controlling;

/// <summary>Where Kaa has put an int3, and where the instruction that it hides can be made instead.</summary>
public interface ITrapSites
{
    /// <summary>Null where none of Kaa's lies, or ever lay, at the address.</summary>
    ulong? Detour(ulong address);
}

using Kaa.Formats;

namespace Kaa.Python.Waits;

/// <summary>What finding out about waits needs of one Python frame. Addresses are those of Python objects.</summary>
public interface IWaitFrame
{
    string? Function { get; }

    string? File { get; }

    int? Line { get; }

    /// <summary>The object that a local name stands for; null address where it is unbound or unknown.</summary>
    Address Local(string name);

    /// <summary>
    /// All of the frame's slots, the value stack to its full size included: what lies above its top may be dead, so what is found here must
    /// prove itself.
    /// </summary>
    IEnumerable<Address> Slots { get; }

    /// <summary>The part of the value stack that is surely alive: below the innermost block that the frame is in.</summary>
    IReadOnlyList<Address> LiveStack { get; }
}

using Kaa.Formats;
using Kaa.Formats.Cfi;

namespace Kaa.Target.Unwind;

/// <summary>Which unwind rules cover an address, and whether code lies there at all.</summary>
public interface IUnwindSource
{
    IUnwindRows? RowsFor(Address pc);

    bool IsCode(Address pc);

    /// <summary>
    /// Both addresses lie in one module, near each other, and no symbol says that another function begins behind the first and not behind the
    /// second. False where nothing is known of the module.
    /// </summary>
    bool MayBeOneFunction(Address start, Address pc);
}

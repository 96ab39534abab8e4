using Kaa.Formats;
using Kaa.Formats.Cfi;

namespace Kaa.Target.Unwind;

/// <summary>Which unwind rules cover an address, and whether code lies there at all.</summary>
public interface IUnwindSource
{
    IUnwindRows? RowsFor(Address pc);

    bool IsCode(Address pc);
}

using Kaa.Formats;
using Kaa.Formats.ProcText;

namespace Kaa.Target;

/// <summary>One ELF file that is mapped: its ranges in order of address.</summary>
/// <param name="Path">As the target sees it.</param>
/// <param name="Base">Address of the first byte of the file's first mapping.</param>
/// <param name="Deleted">The file at that path is another one now, or none.</param>
public sealed record Module(string Path, Address Base, IReadOnlyList<Mapping> Mappings, bool Deleted)
{
    public Address End => Mappings[^1].End;

    public string FileName => Path[(Path.LastIndexOf('/') + 1)..];
}

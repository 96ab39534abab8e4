using Kaa.Formats.Elf;

namespace Kaa.Target;

/// <summary>The file with a module's DWARF, and the supplementary file that it refers to.</summary>
/// <param name="Alt">Null where it refers to none, or to one that can't be had.</param>
public sealed record DebugInfo(ElfFile File, ElfFile? Alt);

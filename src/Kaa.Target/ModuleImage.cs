using System.Text;
using Kaa.Formats;
using Kaa.Formats.Elf;

namespace Kaa.Target;

/// <summary>
/// One module as an ELF image: what memory tells, and where that is not enough what its file or its separate debug file tells, each
/// used only when it is proved to be of the same build. A module that is no loaded ELF image answers every question with nothing.
/// </summary>
public sealed class ModuleImage : IDisposable
{
    private readonly ModuleFiles _files;

    internal ModuleImage(Module module, IMemory memory, ITargetFiles files, DebugFileSearch search)
    {
        Module = module;
        (Elf, Identity) = LoadedImage.Read(module, memory);
        _files = new ModuleFiles(module, Elf, memory, files, search);
    }

    public Module Module { get; }

    /// <summary>Null where the mapping holds no ELF image of this architecture, or only a copy of the file that was not loaded as a program.</summary>
    public ElfImage? Elf { get; }

    /// <summary>What its first bytes say it is.</summary>
    public ElfIdentity Identity { get; }

    /// <summary>Null where it has none.</summary>
    public byte[]? BuildId => Elf?.BuildId;

    /// <summary>The PT_LOAD segments, at their addresses in memory.</summary>
    public IReadOnlyList<ElfSegment> Segments => Elf?.Segments ?? [];

    /// <summary>The very file that is mapped; null where it can't be had, or can't be proved to be the one.</summary>
    public ElfFile? File => _files.Mapped;

    /// <summary>Its separate debug file; null where there is none.</summary>
    public ElfFile? DebugFile => _files.Debug;

    /// <summary>The symbols of <c>.gnu_debugdata</c>, as a file of their own; null where there is none.</summary>
    public ElfFile? MiniDebugInfo => _files.Mini;

    /// <summary>Paths of debug files that were found for it, but are of another build, and so not used; grows as they are sought.</summary>
    public IReadOnlyList<string> RejectedDebugFiles => _files.Rejected;

    /// <summary>The DWARF of this module, from its own file or its separate debug file; null where there is none.</summary>
    public DebugInfo? DebugInfo => _files.Info;

    /// <summary>Address of a function or of data that this module defines; null where it defines none such, or that is not known.</summary>
    public Address? FindSymbol(string name) => Find(name) is { HasAddress: true } symbol ? Elf!.AddressOf(symbol) : null;

    /// <summary>Size of a symbol in bytes; null where there is no such symbol, or it does not tell.</summary>
    public ulong? FindDataSymbolSize(string name) => Find(name) is { Size: > 0 } symbol ? symbol.Size : null;

    /// <summary>Where a section that is loaded lies; null where there is none such, or no file that tells of sections.</summary>
    public (Address Start, ulong Size)? FindSection(string name) => FindSection(File, name) ?? FindSection(DebugFile, name);

    /// <summary>
    /// What the program may write, <c>.data</c> and <c>.bss</c>, without what the loader made read-only; each at most
    /// <see cref="Limits.ElfDataSegment"/>. There may be holes.
    /// </summary>
    public IEnumerable<(Address Start, ulong Size)> WritableRanges
    {
        get
        {
            foreach (ElfSegment segment in Segments)
            {
                if (!segment.Flags.HasFlag(ElfSegmentFlags.Write))
                    continue;
                Address start = BehindRelro(segment);
                ulong size = start < segment.End ? segment.End.Value - start.Value : 0;
                if (size > 0)
                    yield return (start, Math.Min(size, Limits.ElfDataSegment));
            }
        }
    }

    public void Dispose() => _files.Dispose();

    private ElfSymbol? Find(string name) => FindInMemory(name) ?? FindIn(File, name) ?? FindIn(DebugFile, name);

    private ElfSymbol? FindInMemory(string name)
    {
        try
        {
            return Elf?.FindSymbol(Encoding.UTF8.GetBytes(name));
        }
        catch (BadData)
        {
            return null;
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            // A core without the pages of files: the file itself may have them.
            return null;
        }
    }

    private static ElfSymbol? FindIn(ElfFile? file, string name)
    {
        try
        {
            return file?.FindSymbol(name);
        }
        catch (BadData)
        {
            return null;
        }
    }

    private (Address Start, ulong Size)? FindSection(ElfFile? file, string name)
    {
        try
        {
            ElfSection? section = file?.FindSection(name);
            bool loaded = section is not null && section.Flags.HasFlag(ElfSectionFlags.Allocated);
            return loaded ? (Elf!.At(section!.Address), section.Size) : null;
        }
        catch (BadData)
        {
            return null;
        }
    }

    private Address BehindRelro(ElfSegment segment)
    {
        foreach (ElfProgramHeader header in Elf!.ProgramHeaders)
        {
            Address start = Elf.At(header.VirtualAddress);
            Address end = new(unchecked((start + header.MemorySize).Value & ~0xffful));
            if (header.Type == ElfSegmentType.GnuRelro && segment.Contains(start) && end > start && end <= segment.End)
                return end;
        }

        return segment.Start;
    }
}

using Kaa.Formats;
using Kaa.Formats.Cfi;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;

namespace Kaa.Target.Unwind;

/// <summary>
/// Unwind rules of all loaded modules: the <c>.eh_frame</c> that each has in memory, else its file's <c>.debug_frame</c>. The vdso counts as a
/// module. Kept while the target is open.
/// </summary>
public sealed class ModuleUnwindSource(ObservedTarget target) : IUnwindSource
{
    private readonly Dictionary<Address, IUnwindRows?> _rows = [];

    public IUnwindRows? RowsFor(Address pc)
    {
        if (target.Modules.FindMapping(pc) is not { } mapping)
            return null;
        Module? module = target.Modules.Find(pc);
        Address key = module?.Base ?? mapping.Start;
        if (!_rows.TryGetValue(key, out IUnwindRows? rows))
        {
            rows = module is not null ? Open(target.Images.For(module)) : OpenVdso(mapping);
            _rows.Add(key, rows);
        }

        return rows;
    }

    public bool IsCode(Address pc) => target.Modules.FindMapping(pc) is { } mapping && mapping.Can(MappingAccess.Execute);

    private IUnwindRows? Open(ModuleImage image)
    {
        if (image.Elf is not { } elf)
            return null;
        return (IUnwindRows?)OpenHeader(elf) ?? OpenDebugFrame(image.File, elf) ?? OpenDebugFrame(image.DebugFile, elf);
    }

    private EhFrame? OpenHeader(ElfImage elf)
    {
        foreach (ElfProgramHeader header in elf.ProgramHeaders)
        {
            if (header.Type == ElfSegmentType.GnuEhFrame)
                return EhFrame.Open(target.Constants, elf.At(header.VirtualAddress));
        }

        return null;
    }

    private static DebugFrame? OpenDebugFrame(ElfFile? file, ElfImage elf)
    {
        try
        {
            return file?.FindSection(".debug_frame") is { } section ? new DebugFrame(file.ReadSection(section), (long)elf.Bias) : null;
        }
        catch (BadData)
        {
            return null;
        }
    }

    private EhFrame? OpenVdso(Mapping mapping)
    {
        try
        {
            return mapping.Path == "[vdso]" ? OpenHeader(ElfImage.FromMemory(target.Constants, mapping.Start)) : null;
        }
        catch (BadData)
        {
            return null;
        }
    }
}

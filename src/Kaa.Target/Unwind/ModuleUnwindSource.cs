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

    public bool MayBeOneFunction(Address start, Address pc)
    {
        const int Farthest = 64 << 10;
        if (start > pc || pc - start > Farthest || target.Modules.Find(pc) is not { } module || module != target.Modules.Find(start))
            return false;
        if (target.Images.For(module).Elf is not { } elf)
            return false;
        try
        {
            ulong link = unchecked(start.Value - elf.Bias);
            foreach (ElfSymbol symbol in elf.DynamicSymbols.Between(link, link + (ulong)(pc - start) + 1))
            {
                bool isSelf = symbol.Value == link;
                bool isCode = symbol.Type is ElfSymbolType.Function or ElfSymbolType.Indirect or ElfSymbolType.None;
                if (isCode && (!isSelf || (symbol.Size > 0 && (ulong)(pc - start) >= symbol.Size)))
                    return false;
            }

            return true;
        }
        catch (BadData)
        {
            return false;
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            return false;
        }
    }

    private Both? Open(ModuleImage image)
    {
        if (image.Elf is not { } elf)
            return null;
        var memory = new ImageMemory(target.Constants, image);
        return new Both((IUnwindRows?)OpenHeader(elf, memory) ?? OpenList(image, memory), () => OpenDebugFrame(image.File, elf) ?? OpenDebugFrame(image.DebugFile, elf));
    }

    private static EhFrameList? OpenList(ModuleImage image, IMemory memory)
    {
        try
        {
            return image.FindSection(".eh_frame") is { } section ? new EhFrameList(memory, section.Start, section.Size) : null;
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            return null;
        }
        catch (BadData)
        {
            return null;
        }
    }

    private static EhFrame? OpenHeader(ElfImage elf, IMemory memory)
    {
        foreach (ElfProgramHeader header in elf.ProgramHeaders)
        {
            if (header.Type == ElfSegmentType.GnuEhFrame)
                return EhFrame.Open(memory, elf.At(header.VirtualAddress));
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
            return mapping.Path == "[vdso]" ? OpenHeader(ElfImage.FromMemory(target.Constants, mapping.Start), target.Constants) : null;
        }
        catch (BadData)
        {
            return null;
        }
    }

    /// <summary>First what is loaded; what only a file tells is opened where that does not help (hand-written assembly, mostly).</summary>
    private sealed class Both(IUnwindRows? loaded, Func<IUnwindRows?> open) : IUnwindRows
    {
        private IUnwindRows? _fromFile;
        private bool _sought;

        public UnwindRow? Find(Address pc)
        {
            if (loaded?.Find(pc) is { } row)
                return row;
            return FromFile()?.Find(pc);
        }

        public void Visit(UnwindRowVisitor visit) => (loaded ?? FromFile())?.Visit(visit);

        private IUnwindRows? FromFile()
        {
            if (!_sought)
                _fromFile = open();
            _sought = true;
            return _fromFile;
        }
    }
}

using Kaa.Formats;
using Kaa.Formats.Dwarf;
using Kaa.Formats.Elf;
using Kaa.Python;
using Kaa.Target;

namespace Kaa.Doctor.Checks;

/// <summary>What there is of symbols and debug information for one module.</summary>
internal sealed record DebugQuality
{
    /// <summary>Functions that run Python code: the newest name first (Python/ceval.c).</summary>
    private static readonly string[] EvalFunctions = ["_PyEval_EvalFrameDefault", "PyEval_EvalFrameEx"];

    public required Module Module { get; init; }

    /// <summary>Path of what has the DWARF; null where there is none.</summary>
    public bool HasDebugInfo { get; init; }

    /// <summary>The file itself, or its separate debug file, has <c>.symtab</c>.</summary>
    public bool HasSymbolTable { get; init; }

    /// <summary>It has <c>.gnu_debugdata</c>.</summary>
    public bool HasMiniDebugInfo { get; init; }

    /// <summary>It has <c>.eh_frame_hdr</c>.</summary>
    public bool HasUnwindTable { get; init; }

    /// <summary>The mapped file could be had; else all is from memory.</summary>
    public bool HasFile { get; init; }

    public IReadOnlyList<string> Rejected { get; init; } = [];

    /// <summary>Of the function that runs Python code, where the module has it and debug information for it; else null.</summary>
    public DwarfUnitFacts? Eval { get; init; }

    public string? BuildId { get; init; }

    /// <summary>Null for what is no loaded ELF image.</summary>
    public static DebugQuality? Of(Module module, ObservedTarget target, bool withEval)
    {
        ModuleImage image = target.Images.For(module);
        if (image.Elf is not { } elf)
            return null;
        DebugInfo? debug = image.DebugInfo;
        return new DebugQuality
        {
            Module = module,
            HasFile = image.File is not null,
            HasDebugInfo = debug is not null,
            HasSymbolTable = Has(image.File, ".symtab") || Has(image.DebugFile, ".symtab"),
            HasMiniDebugInfo = image.MiniDebugInfo is not null,
            HasUnwindTable = HasHeader(elf),
            Rejected = image.RejectedDebugFiles,
            Eval = withEval && debug is not null ? EvalUnit(image, elf, debug) : null,
            BuildId = image.BuildId is { } id ? Convert.ToHexStringLower(id) : null,
        };
    }

    /// <summary>What names of its C functions rest on, for a person.</summary>
    public string Symbols => HasDebugInfo ? "DWARF" : HasSymbolTable ? ".symtab" : HasMiniDebugInfo ? ".gnu_debugdata and .dynsym" : ".dynsym, read from memory";

    /// <summary>The option that gcc was called with for speed: "-O2"; null where nothing tells.</summary>
    public string? Optimization
    {
        get
        {
            string? last = null;
            foreach (string word in (Eval?.Producer ?? "").Split(' '))
            {
                if (word.StartsWith("-O", StringComparison.Ordinal))
                    last = word;
            }

            return last;
        }
    }

    private static bool Has(ElfFile? file, string section)
    {
        try
        {
            return file?.FindSection(section) is { HasContent: true };
        }
        catch (BadData)
        {
            return false;
        }
    }

    private static bool HasHeader(ElfImage elf)
    {
        const uint EhFrame = 0x6474e550; // PT_GNU_EH_FRAME
        foreach (ElfProgramHeader header in elf.ProgramHeaders)
        {
            if ((uint)header.Type == EhFrame)
                return true;
        }

        return false;
    }

    private static DwarfUnitFacts? EvalUnit(ModuleImage image, ElfImage elf, DebugInfo debug)
    {
        foreach (string name in EvalFunctions)
        {
            if (image.FindSymbol(name) is { } function)
                return DwarfUnitFacts.At(debug.File, debug.Alt, unchecked(function.Value - elf.Bias));
        }

        return null;
    }
}

using Kaa.Formats.Elf;
using Kaa.Target;

namespace Kaa.Control.Debugging.Words;

/// <summary>Which of the modules is the program itself.</summary>
internal static class Programs
{
    /// <summary>The first that names a loader and is no library; else the first that is loaded as a program at all; null where there is none.</summary>
    public static Module? Of(Inferior inferior)
    {
        Module? first = null;
        foreach (Module module in inferior.Target.Modules.Modules)
        {
            if (inferior.Target.Images.For(module).Elf is not { } elf)
                continue;
            first ??= module;
            foreach (ElfProgramHeader header in elf.ProgramHeaders)
            {
                if (header.Type == ElfSegmentType.Interpreter && !module.FileName.StartsWith("lib", StringComparison.Ordinal) && !module.FileName.StartsWith("ld-", StringComparison.Ordinal))
                    return module;
            }
        }

        return first;
    }
}

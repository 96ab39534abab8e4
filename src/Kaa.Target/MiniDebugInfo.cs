using Kaa.Formats;
using Kaa.Formats.Compression;
using Kaa.Formats.Elf;

namespace Kaa.Target;

/// <summary><c>.gnu_debugdata</c>: an ELF file with a symbol table, packed by xz (gdb manual, "MiniDebugInfo").</summary>
internal static class MiniDebugInfo
{
    /// <summary>Null where there is none, or it is broken.</summary>
    public static ElfFile? Open(ElfFile? file)
    {
        try
        {
            if (file?.FindSection(".gnu_debugdata") is not { HasContent: true } section)
                return null;
            using var packed = new XzStream(new MemoryStream(file.ReadSection(section), writable: false), Limits.MiniDebugInfo);
            var content = new MemoryStream();
            packed.CopyTo(content);
            return ElfFile.Open(content.GetBuffer().AsMemory(0, (int)content.Length));
        }
        catch (BadData)
        {
            return null;
        }
    }
}

using System.Globalization;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Linux.Files;
using Kaa.Target;

namespace Kaa.Doctor.Checks;

internal enum MappedFileFate
{
    /// <summary>The file at the path is the one that is mapped.</summary>
    Same,

    /// <summary>Unlinked, and nothing is at the path now.</summary>
    Deleted,

    /// <summary>Another file is at the path now, of another build.</summary>
    Replaced,

    /// <summary>Another file is at the path now, of the same build.</summary>
    Reinstalled,

    /// <summary>The very file was written to after it was loaded: the program runs a mix of both.</summary>
    Overwritten,
}

/// <summary>What became of the file of one program or library that a process has mapped.</summary>
/// <param name="Evidence">In one line, without the path.</param>
internal sealed record MappedFileState(Module Module, MappedFileFate Fate, string Evidence)
{
    private const int ShownId = 12;
    private const int PageSize = 4_096;

    /// <summary>Null where the module is no loaded ELF image, or what is at its path can't be told.</summary>
    public static MappedFileState? Of(Module module, ObservedTarget target, TargetRoot? root)
    {
        ModuleImage image = target.Images.For(module);
        if (root is null)
            return null;
        if (image.Elf is not { } elf)
            return Unfitting(module, image, target, root);
        FileFacts? facts = root.Facts(module.Path);
        if (facts is not { } found)
            return module.Deleted ? new MappedFileState(module, MappedFileFate.Deleted, "maps: (deleted); nothing is at the path now") : null;
        if (!module.Deleted && found.Inode == module.Mappings[0].Inode)
            return Overwritten(module, elf, target, root, found);
        using ElfFile? now = Open(root, module.Path);
        string mapped = "mapped: build " + Id(elf.BuildId) + Inode(module.Mappings[0].Inode);
        string there = "; at the path now: " + (now is null ? "no ELF file" : "build " + Id(now.BuildId)) + Inode(found.Inode);
        bool isSame = now is not null && IsSameBuild(module, elf, target.Constants, now);

        // What is not marked as deleted is still there: on overlayfs maps and stat may disagree about the inode too.
        MappedFileFate fate = !isSame ? MappedFileFate.Replaced : module.Deleted ? MappedFileFate.Reinstalled : MappedFileFate.Same;
        return new MappedFileState(module, fate, mapped + there);
    }

    /// <summary>By build-id; where there is none, as on Alpine, by the first page.</summary>
    private static bool IsSameBuild(Module module, ElfImage elf, IMemory memory, ElfFile now)
    {
        if (elf.BuildId is not null || now.BuildId is not null)
            return elf.BuildId is { } id && now.BuildId is { } other && id.AsSpan().SequenceEqual(other);
        Span<byte> mapped = stackalloc byte[PageSize];
        Span<byte> stored = stackalloc byte[PageSize];
        int length = Math.Min(memory.Read(module.Base, mapped), now.Read(0, stored));
        return length >= ElfIdentity.Length && mapped[..length].SequenceEqual(stored[..length]);
    }

    private static string Id(byte[]? id) => id is null ? "unknown" : Convert.ToHexStringLower(id)[..Math.Min(ShownId, id.Length * 2)];

    private static string Inode(ulong inode) => string.Create(CultureInfo.InvariantCulture, $" (inode {inode})");

    private static ElfFile? Open(TargetRoot root, string path)
    {
        Stream? stream = root.OpenRead(path);
        if (stream is null)
            return null;
        try
        {
            return ElfFile.Open(stream);
        }
        catch (BadData)
        {
            stream.Dispose();
            return null;
        }
    }

    /// <summary>
    /// An ELF file that is mapped as a program, but not as its headers say: they are another file's by now. Clean pages of a private mapping show what
    /// is in the file.
    /// </summary>
    private static MappedFileState? Unfitting(Module module, ModuleImage image, ObservedTarget target, TargetRoot root)
    {
        bool isProgram = image.Identity.Verdict == ElfVerdict.Supported && module.Mappings.Any(mapping => mapping.Can(MappingAccess.Execute));
        bool isWritten = root.Facts(module.Path) is { } facts && !module.Deleted && facts.Inode == module.Mappings[0].Inode
            && target.StartedAt is { } started && facts.ModifiedAt >= started;
        return isProgram && isWritten
            ? new MappedFileState(module, MappedFileFate.Overwritten, "same inode, written after the process started; its headers do not describe how it is mapped any more")
            : null;
    }

    /// <summary>
    /// Same file, but written since the start. What the loader has written to is a private copy, and so still as it was: where the sizes in the
    /// dynamic section there are others than in the file, the file is another one now.
    /// </summary>
    private static MappedFileState? Overwritten(Module module, ElfImage elf, ObservedTarget target, TargetRoot root, FileFacts facts)
    {
        var same = new MappedFileState(module, MappedFileFate.Same, "");
        if (target.StartedAt is not { } started || facts.ModifiedAt < started)
            return same;
        using ElfFile? now = Open(root, module.Path);
        string? difference = now is null ? "no ELF file any more" : DynamicSizes.Difference(elf, target.Constants, now);
        if (difference is null)
            return same;
        string written = DateTime.UnixEpoch.AddSeconds(facts.ModifiedAt).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        return new MappedFileState(module, MappedFileFate.Overwritten, $"same inode, written {written} UTC, after the process started; {difference}");
    }
}

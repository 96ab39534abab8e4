using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;

namespace Kaa.Target;

/// <summary>Tells an ELF image that was loaded as a program from a file that is only mapped to be read.</summary>
internal static class LoadedImage
{
    /// <summary>The image at a module's base, and what its first bytes say it is.</summary>
    public static (ElfImage? Image, ElfIdentity Identity) Read(Module module, IMemory memory)
    {
        Span<byte> start = stackalloc byte[ElfIdentity.Length];
        int got = module.Mappings[0].Offset == 0 ? memory.Read(module.Base, start) : 0;
        ElfIdentity identity = ElfIdentity.Of(start[..got]);
        if (identity.Verdict != ElfVerdict.Supported)
            return (null, identity);
        try
        {
            ElfImage image = ElfImage.FromMemory(memory, module.Base);
            return (IsLoaded(image, module) ? image : null, identity);
        }
        catch (BadData)
        {
            return (null, identity);
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            return (null, identity);
        }
    }

    /// <summary>
    /// Segments that are mapped from the file must be mapped from where the headers say, code must be executable, and where there are several
    /// segments two must be there. One that is not from the file any more (text that was moved to huge pages) proves nothing.
    /// </summary>
    private static bool IsLoaded(ElfImage image, Module module)
    {
        int expected = 0;
        int found = 0;
        foreach (ElfSegment segment in image.Segments)
        {
            expected += segment.FileSize > 0 ? 1 : 0;
            if (segment.FileSize == 0 || FindMapping(module, segment.Start) is not { IsFile: true } mapping)
                continue;
            bool agrees = unchecked(mapping.Offset + (ulong)(segment.Start - mapping.Start)) == segment.FileOffset;
            bool runs = mapping.Can(MappingAccess.Execute) || !segment.Flags.HasFlag(ElfSegmentFlags.Execute);
            if (!agrees || !runs)
                return false;
            found++;
        }

        bool isProgram = image.Header.Type is ElfType.Executable or ElfType.SharedObject;
        return isProgram && found >= Math.Min(expected, 2);
    }

    private static Mapping? FindMapping(Module module, Address address)
    {
        foreach (Mapping mapping in module.Mappings)
        {
            if (mapping.Contains(address))
                return mapping;
        }

        return null;
    }
}

using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.ProcText;

namespace Kaa.Target.Cores;

/// <summary>What stands before paths that the process did not see: gdb writes those of a process in a chroot as they are outside.</summary>
internal static class CoreRoot
{
    /// <summary>
    /// The root that the process was in, where the core tells it: the program's path is longer than the name that it was started by. With a
    /// root given by the user, that one if paths begin with it. Empty for none.
    /// </summary>
    public static string Prefix(IReadOnlyList<CoreFileMapping> mappings, AuxiliaryVector? auxiliary, IMemory memory, string? sysRoot)
    {
        if (Program(mappings, auxiliary) is not { } program)
            return "";
        if (sysRoot is not null)
        {
            string root = Path.GetFullPath(sysRoot).TrimEnd('/');
            return root.Length > 0 && program.StartsWith(root + "/", StringComparison.Ordinal) ? root : "";
        }

        string? name = ExecutableName(auxiliary, memory);
        bool isInside = name is not null && name.StartsWith('/') && program.Length > name.Length && program.EndsWith(name, StringComparison.Ordinal);
        return isInside ? program[..^name!.Length] : "";
    }

    private static string? Program(IReadOnlyList<CoreFileMapping> mappings, AuxiliaryVector? auxiliary)
    {
        foreach (AuxiliaryKey key in (ReadOnlySpan<AuxiliaryKey>)[AuxiliaryKey.ProgramHeaders, AuxiliaryKey.Entry])
        {
            if (auxiliary?[key] is not { } address)
                continue;
            foreach (CoreFileMapping mapping in mappings)
            {
                if (address >= mapping.Start.Value && address < mapping.End.Value)
                    return mapping.Path;
            }
        }

        return null;
    }

    private static string? ExecutableName(AuxiliaryVector? auxiliary, IMemory memory)
    {
        try
        {
            return auxiliary?[AuxiliaryKey.ExecutableName] is { } name ? memory.ReadCString(new Address(name), Limits.Path) : null;
        }
        catch (TargetFault)
        {
            return null;
        }
    }
}

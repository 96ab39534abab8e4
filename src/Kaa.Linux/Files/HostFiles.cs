using Kaa.Linux.Calls;

namespace Kaa.Linux.Files;

/// <summary>Files of the machine that Kaa runs on, for debug files that the target's own root lacks.</summary>
public static class HostFiles
{
    /// <summary>A regular file, for reading; null where there is none, or it may not be read. Never a device or a pipe.</summary>
    /// <param name="path">Absolute, or from the current directory.</param>
    public static Stream? OpenRead(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
            return null;
        using Descriptor? place = Descriptor.Open(path, OpenFlags.PathOnly);
        return place is null ? null : RootedPath.Reopen(place);
    }
}

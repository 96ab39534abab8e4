using System.Globalization;

namespace Kaa.Tests.Live.Harness;

/// <summary>A file system that is soon full; root alone can mount it.</summary>
public sealed class SmallDisk : IDisposable
{
    private SmallDisk(string directory) => Directory = directory;

    public string Directory { get; }

    public static SmallDisk Mount(long bytes)
    {
        string directory = System.IO.Directory.CreateTempSubdirectory("kaa-disk-").FullName;
        ProgramResult mount = Program.Run("/bin/mount", ["-t", "tmpfs", "-o", "size=" + bytes.ToString(CultureInfo.InvariantCulture), "kaa", directory]);
        mount.Exit.ShouldBe(0, mount.Error);
        return new SmallDisk(directory);
    }

    public void Dispose()
    {
        Program.Run("/bin/umount", [Directory]).Exit.ShouldBe(0);
        System.IO.Directory.Delete(Directory);
    }
}

/// <summary>A test that needs a small disk; skipped for who is not root.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute() => Skip = Environment.IsPrivilegedProcess ? null : "only root can mount a file system";
}

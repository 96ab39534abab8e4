using Kaa.Linux.Calls;
using Kaa.Linux.Files;

namespace Kaa.Tests.Unit.Linux;

public sealed class TargetRootTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("kaa-root-").FullName;

    public TargetRootTests()
    {
        Directory.CreateDirectory(_path + "/var/lib/here");
        File.WriteAllText(_path + "/var/lib/here/one", "1");
        File.WriteAllText(_path + "/var/lib/file", "2");
        File.CreateSymbolicLink(_path + "/link", "/var/lib/here");
        File.CreateSymbolicLink(_path + "/out", "/../../../../etc");
    }

    public void Dispose() => Directory.Delete(_path, true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Directories_are_found_along_links_and_never_above_the_root(bool byHand)
    {
        using var root = new RootedPath(Descriptor.Open(_path, OpenFlags.PathOnly | OpenFlags.Directory)!) { WalkByHand = byHand };
        Inode(root, "/link").ShouldBe(Inode(root, "/var/lib/here"));
        Inode(root, "/").ShouldBe(Inode(root, "/.."));
        Inode(root, "/var/lib/file").ShouldBeNull();
        Inode(root, "/var/lib/file/below").ShouldBeNull();
        Inode(root, "/nowhere").ShouldBeNull();
        Inode(root, "/out").ShouldBeNull();
    }

    [Fact]
    public void Names_facts_and_room_of_a_root()
    {
        using TargetRoot root = TargetRoot.Open(_path)!;
        root.List("/link", 10).ShouldBe(["one"]);
        root.List("/nowhere", 10).ShouldBeEmpty();
        root.List("/", 2).Count.ShouldBe(2);
        root.Facts("/var/lib/file")!.Value.ShouldSatisfyAllConditions(
            facts => facts.IsRegular.ShouldBeTrue(), facts => facts.Size.ShouldBe(1ul), facts => facts.IsDirectory.ShouldBeFalse());
        root.FreeBytes("/var")!.Value.ShouldBeGreaterThan(0ul);
        root.FreeBytes("/nowhere").ShouldBeNull();
    }

    private static ulong? Inode(RootedPath root, string path)
    {
        using Descriptor? place = root.OpenDirectory(path);
        return place?.Status()?.Inode;
    }
}

using System.IO.Compression;
using Kaa.Doctor.Checks;
using Kaa.Doctor.Packages;
using Kaa.Formats;
using Kaa.Linux.Files;
using Kaa.Target;

namespace Kaa.Tests.Unit.Doctor;

/// <summary>Which debug package fits, and what installing it would replace.</summary>
public sealed class AptListsTests : IDisposable
{
    private const string Id = "00112233445566778899aabbccddeeff00112233";

    private readonly string _path = Directory.CreateTempSubdirectory("kaa-root-").FullName;

    public void Dispose() => Directory.Delete(_path, true);

    [Theory]
    [InlineData("1.0", "1.0", 0)]
    [InlineData("2.36-9+deb12u9", "2.36-9+deb12u14", -1)]
    [InlineData("1.0~rc1", "1.0", -1)]
    [InlineData("1:1.0", "2.0", 1)]
    [InlineData("1.0-1", "1.0-1+b1", -1)]
    [InlineData("1.0a", "1.0+", -1)]
    public void Versions_are_ordered_as_Debian_orders_them(string left, string right, int order) =>
        Math.Sign(DebianVersion.Compare(left, right)).ShouldBe(order);

    [Fact]
    public void A_package_of_this_very_build_is_to_be_installed_in_this_version()
    {
        Installed("3.11.2-6");
        Archive("Package: python3.11-dbg\nVersion: 3.11.2-6\nDepends: python3.11 (= 3.11.2-6), libc6 (>= 2.3)\nBuild-Ids: ff " + Id + "\n\n");
        Remedy().ShouldContain("sudo apt-get install --no-install-recommends python3.11-dbg=3.11.2-6");
    }

    [Fact]
    public void One_that_would_upgrade_the_running_interpreter_is_not_to_be_installed()
    {
        Installed("3.11.2-6");
        Archive("Package: python3.11-dbg\nVersion: 3.11.2-7\nDepends: python3.11 (= 3.11.2-7), libc6 (>= 2.3)\n\n");
        List<string> remedy = Remedy();
        remedy.ShouldContain(line => line.StartsWith("# do not install", StringComparison.Ordinal) && line.EndsWith("it would replace python3.11 3.11.2-6 by 3.11.2-7", StringComparison.Ordinal));
        remedy.ShouldNotContain(line => line.StartsWith("sudo apt-get install", StringComparison.Ordinal));
    }

    [Fact]
    public void What_its_dependencies_would_replace_in_turn_is_told_too()
    {
        Installed("3.11.2-6");
        Archive("""
            Package: python3.11-dbg
            Version: 3.11.2-7
            Depends: python3.11 (= 3.11.2-7), libpython3.11-dbg (= 3.11.2-7) | nothing

            Package: libpython3.11-dbg
            Version: 3.11.2-7
            Depends: python3.11-minimal:any (>= 3.11.2-7)

            Package: python3.11-minimal
            Version: 3.11.2-6
            Depends: never (= 1)

            Package: python3.11-minimal
            Version: 3.11.2-8


            """);
        Remedy().ShouldContain(line => line.EndsWith("it would replace python3.11 3.11.2-6 by 3.11.2-7, python3.11-minimal 3.11.2-6 by 3.11.2-8", StringComparison.Ordinal));
    }

    [Fact]
    public void The_same_version_of_another_build_does_not_fit()
    {
        Installed("3.11.2-6");
        Archive("Package: python3.11-dbg\nVersion: 3.11.2-6\nDepends: python3.11 (= 3.11.2-6)\nBuild-Ids: ff\n\n");
        Remedy().ShouldNotContain(line => line.StartsWith("sudo apt-get install", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_lists_it_is_unknown_whether_it_can_be_had()
    {
        Installed("3.11.2-6");
        Remedy()[0].ShouldContain("no package lists");
    }

    [Fact]
    public void A_packed_list_is_searched_over_the_borders_of_its_pieces()
    {
        Installed("3.11.2-6");
        using (var packed = new GZipStream(File.Create(Lists("x_Packages.gz")), CompressionLevel.Fastest))
        using (var text = new StreamWriter(packed))
        {
            for (int i = 0; i < 60_000; i++)
                text.Write($"Package: p{i}\nVersion: 1\nDescription: as long as need be to fill some megabytes\n\n");
            text.Write("Package: python3.11-dbg\nVersion: 3.11.2-6\nDepends: python3.11 (= 3.11.2-6)\n");
        }

        using TargetRoot root = TargetRoot.Open(_path)!;
        List<AvailablePackage> found = AptLists.Open(root)!.Find(["python3.11-dbg", "p30000"]);
        found.Select(package => package.Name).ShouldBe(["p30000", "python3.11-dbg"], ignoreOrder: true);
    }

    private List<string> Remedy()
    {
        using TargetRoot root = TargetRoot.Open(_path)!;
        var module = new Module("/usr/bin/python3.11", new Address(0x400000), [], false);
        return DebugPackage.Remedy(new DebugQuality { Module = module, BuildId = Id }, PackageDatabase.Of(root));
    }

    private void Installed(string version)
    {
        Directory.CreateDirectory(_path + "/var/lib/dpkg/info");
        File.WriteAllText(_path + "/var/lib/dpkg/status", $"Package: python3.11\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\nPackage: python3.11-minimal\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n");
        File.WriteAllText(_path + "/var/lib/dpkg/info/python3.11-minimal.list", "/.\n/usr/bin/python3.11\n");
    }

    private void Archive(string text) => File.WriteAllText(Lists("main_Packages"), text);

    private string Lists(string name)
    {
        Directory.CreateDirectory(_path + "/var/lib/apt/lists");
        return _path + "/var/lib/apt/lists/" + name;
    }
}

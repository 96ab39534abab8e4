using System.IO.Compression;
using System.Text;
using Kaa.Doctor.Checks;
using Kaa.Doctor.Packages;
using Kaa.Linux.Files;

namespace Kaa.Tests.Unit.Doctor;

public sealed class PackageDatabaseTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("kaa-root-").FullName;

    public void Dispose() => Directory.Delete(_path, true);

    [Fact]
    public void Dpkg_knows_the_owner_with_and_without_a_merged_usr()
    {
        Dpkg();
        using TargetRoot root = Root();
        IReadOnlyDictionary<string, InstalledPackage> owners = PackageDatabase.Of(root)!.OwnersOf(["/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/bin/python3.11", "/opt/x"]);
        owners["/usr/lib/x86_64-linux-gnu/libc.so.6"].ShouldBe(new InstalledPackage("libc6", "2.36-9", "amd64"));
        owners["/usr/bin/python3.11"].ToString().ShouldBe("python3.11-minimal 3.11.2-6");
        owners.ContainsKey("/opt/x").ShouldBeFalse();
    }

    [Fact]
    public void A_name_that_is_only_the_end_of_another_is_not_the_owner()
    {
        Dpkg();
        Write("/var/lib/dpkg/info/other.list", "/.\n/opt/lib/x86_64-linux-gnu/libz.so.1\n");
        using TargetRoot root = Root();
        PackageDatabase.Of(root)!.OwnersOf(["/lib/x86_64-linux-gnu/libz.so.1"]).ShouldBeEmpty();
    }

    [Fact]
    public void The_log_and_its_rotated_parts_tell_what_was_done_to_a_package_oldest_first()
    {
        Dpkg();
        Write("/var/log/dpkg.log", "2026-11-21 14:03:11 upgrade libc6:amd64 2.36-9 2.36-10\n2026-11-21 14:03:12 status installed libc6:amd64 2.36-10\n2026-11-21 14:04:00 upgrade libc6-dev:amd64 1 2\n");
        Write("/var/log/dpkg.log.1", "2026-10-01 08:00:00 upgrade libc6:amd64 2.36-8 2.36-9\n");
        using (FileStream file = File.Create(_path + "/var/log/dpkg.log.2.gz"))
        using (var packed = new GZipStream(file, CompressionLevel.Fastest))
            packed.Write("2026-09-01 08:00:00 install libc6:amd64 <none> 2.36-8\n"u8);
        using TargetRoot root = Root();
        IReadOnlyList<PackageEvent> events = PackageDatabase.Of(root)!.EventsOf("libc6");
        events.Select(one => one.Line[20..]).ShouldBe(["install libc6:amd64 <none> 2.36-8", "upgrade libc6:amd64 2.36-8 2.36-9", "upgrade libc6:amd64 2.36-9 2.36-10"]);
        events[^1].At.ShouldBe(new DateTimeOffset(2026, 11, 21, 14, 3, 11, TimeSpan.Zero).ToUnixTimeSeconds());
    }

    [Fact]
    public void A_log_that_was_cut_while_it_was_packed_gives_what_it_holds()
    {
        Dpkg();
        Write("/var/log/dpkg.log.1.gz", "no gzip at all");
        using TargetRoot root = Root();
        PackageDatabase.Of(root)!.EventsOf("libc6").ShouldBeEmpty();
    }

    [Fact]
    public void Apk_s_text_knows_the_owner()
    {
        Write("/lib/apk/db/installed", "C:Q1\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\nR:ld-musl-x86_64.so.1\n\nP:python3\nV:3.12.8-r1\nA:x86_64\nF:usr/lib\nR:libpython3.12.so.1.0\nZ:Q1\n\n");
        using TargetRoot root = Root();
        PackageDatabase database = PackageDatabase.Of(root)!;
        database.Manager.ShouldBe("apk");
        database.OwnersOf(["/usr/lib/libpython3.12.so.1.0", "/lib/ld-musl-x86_64.so.1"]).ShouldBe(new Dictionary<string, InstalledPackage>
        {
            ["/lib/ld-musl-x86_64.so.1"] = new("musl", "1.2.5-r0", "x86_64"),
            ["/usr/lib/libpython3.12.so.1.0"] = new("python3", "3.12.8-r1", "x86_64"),
        }, ignoreOrder: true);
    }

    [Fact]
    public void Rpm_s_database_is_left_to_a_command()
    {
        Write("/var/lib/rpm/rpmdb.sqlite", "SQLite format 3");
        using TargetRoot root = Root();
        PackageDatabase database = PackageDatabase.Of(root)!;
        database.OwnersOf(["/usr/lib64/libc.so.6"]).ShouldBeEmpty();
        database.OwnerCommand("/usr/lib64/libc.so.6").ShouldBe("rpm -qf --last /usr/lib64/libc.so.6");
    }

    [Fact]
    public void A_root_without_a_package_manager_has_no_database()
    {
        using TargetRoot root = Root();
        PackageDatabase.Of(root).ShouldBeNull();
    }

    [Fact]
    public void Build_flags_are_read_over_the_lines_that_pprint_breaks()
    {
        const string Text = """
            build_time_vars = {'AC': '',
             'CONFIG_ARGS': "'--prefix=/usr' '--with-x' "
                            "'CC=gcc'",
             'OPT': '-DNDEBUG -g -O3'}
            """;
        BuildFlags.Value(Text, "CONFIG_ARGS").ShouldBe("'--prefix=/usr' '--with-x' 'CC=gcc'");
        BuildFlags.Value(Text, "OPT").ShouldBe("-DNDEBUG -g -O3");
        BuildFlags.Value(Text, "PY_CFLAGS").ShouldBeNull();
    }

    [Theory]
    [InlineData("_sysconfigdata__x86_64-linux-gnu.py", false, false, true)]
    [InlineData("_sysconfigdata__linux_x86_64-linux-gnu.py", false, false, true)]
    [InlineData("_sysconfigdata_d_linux_x86_64-linux-gnu.py", false, false, false)]
    [InlineData("_sysconfigdata_d_x86_64-linux-gnu.py", true, false, true)]
    [InlineData("_sysconfigdata_t_linux_x86_64-linux-gnu.py", false, true, true)]
    [InlineData("_sysconfigdata_td_linux_x86_64-linux-gnu.py", true, true, true)]
    [InlineData("_sysconfigdata_m_linux_x86_64-linux-gnu.py", false, false, true)]
    [InlineData("_sysconfigdata.py", false, false, true)]
    [InlineData("_sysconfigdata_d.py", false, false, false)]
    [InlineData("sysconfig.py", false, false, false)]
    public void The_flags_are_those_of_the_build_that_runs_not_of_the_debug_build_beside_it(string name, bool debug, bool freeThreaded, bool isIt) =>
        BuildFlags.IsOf(name, new Kaa.Python.BuildFlavour(debug, TraceRefs: false, freeThreaded)).ShouldBe(isIt);

    [Theory]
    [InlineData("/usr/bin/python3", "/usr/bin/python3")]
    [InlineData("a b", "'a b'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("$(reboot)", "'$(reboot)'")]
    [InlineData("", "''")]
    public void Words_from_elsewhere_stay_one_word_in_a_shell(string word, string expected) => Kaa.Doctor.ShellWord.Of(word).ShouldBe(expected);

    private void Dpkg()
    {
        Write("/var/lib/dpkg/status", """
            Package: libc6
            Status: install ok installed
            Architecture: amd64
            Version: 2.36-9

            Package: python3.11-minimal
            Status: install ok installed
            Architecture: amd64
            Version: 3.11.2-6

            """);
        Write("/var/lib/dpkg/info/libc6:amd64.list", "/.\n/lib\n/lib/x86_64-linux-gnu/libc.so.6\n");
        Write("/var/lib/dpkg/info/python3.11-minimal.list", "/.\n/usr\n/usr/bin/python3.11\n");
    }

    private TargetRoot Root() => TargetRoot.Open(_path)!;

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path + path)!);
        File.WriteAllBytes(_path + path, Encoding.UTF8.GetBytes(text));
    }
}

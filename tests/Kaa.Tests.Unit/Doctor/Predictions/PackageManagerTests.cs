using Kaa.Doctor.Predictions.Packages;
using Kaa.Linux.Processes;

namespace Kaa.Tests.Unit.Doctor.Predictions;

public sealed class PackageManagerTests
{
    [Fact]
    public void Apt_tells_what_it_would_install_replace_and_remove()
    {
        const string Answer = """
            Reading package lists...
            The following packages will be upgraded:
              libc6 libc6:i386
            Remv oldthing [1.0-1]
            Inst libc6 [2.36-9+deb12u4] (2.36-9+deb12u9 Debian:12.8/oldstable [amd64]) [libc6:i386 on libc6:amd64]
            Inst libc6:i386 [2.36-9] (2.36-9+deb12u9 Debian:12.8/oldstable [i386])
            Inst gdb (13.1-3 Debian:12.8/oldstable [amd64])
            Conf libc6 (2.36-9+deb12u9 Debian:12.8/oldstable [amd64])
            """;
        new AptManager().Read(new ProgramAnswer(0, Answer)).ShouldBe(
        [
            new PackageChange(PackageAct.Remove, "oldthing", "1.0-1", null),
            new PackageChange(PackageAct.Replace, "libc6", "2.36-9+deb12u4", "2.36-9+deb12u9"),
            new PackageChange(PackageAct.Replace, "libc6:i386", "2.36-9", "2.36-9+deb12u9"),
            new PackageChange(PackageAct.Install, "gdb", null, "13.1-3"),
        ]);
        new AptManager().Read(new ProgramAnswer(100, "E: Unable to locate package x")).ShouldBeNull();
    }

    [Fact]
    public void Dnf_tells_it_in_a_table_whose_long_names_stand_alone()
    {
        const string Answer = """
            Last metadata expiration check: 0:12:41 ago.
            Dependencies resolved.
            ================================================================================
             Package               Architecture Version              Repository        Size
            ================================================================================
            Installing:
             gdb                   x86_64       10.2-13.el9          appstream        137 k
            Upgrading:
             glibc                 x86_64       2.34-100.el9_4.2     baseos           2.0 M
             glibc-langpack-with-a-long-name
                                   x86_64       2.34-100.el9_4.2     baseos           650 k
               replacing glibc     x86_64       2.34-83.el9          baseos           2.0 M
            Installing dependencies:
             gdb-headless          x86_64       10.2-13.el9          appstream        5.2 M
            Removing dependent packages:
             oldthing              noarch       1.0-1                @baseos          12 k

            Transaction Summary
            ================================================================================
            Install  2 Packages

            Operation aborted.
            """;
        new DnfManager("dnf").Read(new ProgramAnswer(1, Answer)).ShouldBe(
        [
            new PackageChange(PackageAct.Install, "gdb.x86_64", null, "10.2-13.el9"),
            new PackageChange(PackageAct.Replace, "glibc.x86_64", null, "2.34-100.el9_4.2"),
            new PackageChange(PackageAct.Replace, "glibc-langpack-with-a-long-name.x86_64", null, "2.34-100.el9_4.2"),
            new PackageChange(PackageAct.Install, "gdb-headless.x86_64", null, "10.2-13.el9"),
            new PackageChange(PackageAct.Remove, "oldthing.noarch", null, "1.0-1"),
        ]);
        new DnfManager("dnf").Read(new ProgramAnswer(0, "Package gdb is already installed.\nNothing to do.\n")).ShouldBeEmpty();
        new DnfManager("dnf").Read(new ProgramAnswer(1, "Error: Unable to find a match: x\n")).ShouldBeNull();
    }

    [Fact]
    public void Apk_tells_a_step_a_line()
    {
        const string Answer = """
            (1/3) Upgrading musl (1.2.4-r2 -> 1.2.5-r0)
            (2/3) Installing gdb (14.1-r0)
            (3/3) Purging oldthing (1.0-r0)
            OK: 120 MiB in 40 packages
            """;
        new ApkManager().Read(new ProgramAnswer(0, Answer)).ShouldBe(
        [
            new PackageChange(PackageAct.Replace, "musl", "1.2.4-r2", "1.2.5-r0"),
            new PackageChange(PackageAct.Install, "gdb", null, "14.1-r0"),
            new PackageChange(PackageAct.Remove, "oldthing", "1.0-r0", null),
        ]);
    }
}

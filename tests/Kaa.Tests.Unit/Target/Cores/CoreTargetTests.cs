using System.Text;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Cores;
using Kaa.Tests.Unit.Formats.Cores;
using Kaa.Tests.Unit.Formats.Elf;

namespace Kaa.Tests.Unit;

/// <summary>A core whose program is the hand-made image: headers dumped, the rest of the read-only segment not, data dumped.</summary>
public sealed class CoreTargetTests : IDisposable
{
    private const ulong Start = 0x7f0000000000;
    private const ulong Stack = 0x7ffffff00000;
    private const ulong Data = Start + ElfBuilder.DataAddress;

    private readonly string _directory = Directory.CreateTempSubdirectory("kaa-core-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Pages_that_the_core_lacks_come_from_the_file_of_the_same_build()
    {
        byte[] file = Place("lib/x.so");
        using CoreTarget target = Open();
        byte[] read = new byte[0x1000];
        target.Constants.Read(new Address(Start + 0x1000), read).ShouldBe(0x1000);
        read.ShouldBe(file[0x1000..0x2000]);
        Module module = target.Modules.Modules.ShouldHaveSingleItem();
        target.Images.For(module).FindSymbol("symbol_3").ShouldBe(new Address(Start + 0x1000 + 24));
        target.Notes.ShouldBeEmpty();
    }

    [Fact]
    public void A_file_of_another_build_is_not_used_and_that_is_said()
    {
        ElfBuilder other = Image();
        other.BuildId = [1, 2, 3, 4];
        Place("lib/x.so", other);
        using CoreTarget target = Open();
        target.Constants.Read(new Address(Start + 0x1000), new byte[16]).ShouldBe(0);
        Note note = target.Notes.ShouldHaveSingleItem();
        (note.Code, note.Subject).ShouldBe(("file-other-build", "/lib/x.so"));
    }

    [Fact]
    public void A_file_that_is_not_here_is_a_hole_and_that_is_said()
    {
        using CoreTarget target = Open();
        target.Notes.Single().Code.ShouldBe("files-missing");
        target.Constants.Read(new Address(Start + 0x1000), new byte[16]).ShouldBe(0);
        target.Notes.Single().Code.ShouldBe("file-missing");
    }

    [Fact]
    public void Files_may_lie_all_in_one_directory_if_they_are_proved()
    {
        Place("x.so");
        using CoreTarget target = Open();
        target.Constants.Read(new Address(Start + 0x1000), new byte[16]).ShouldBe(16);
        target.Notes.ShouldBeEmpty();
    }

    [Fact]
    public void A_link_in_the_sysroot_does_not_lead_out_of_it()
    {
        Place("real/x.so");
        File.CreateSymbolicLink(Path.Combine(_directory, "lib"), "/real");
        using CoreTarget target = Open();
        target.Constants.Read(new Address(Start + 0x1000), new byte[16]).ShouldBe(16);
    }

    [Fact]
    public void Without_the_first_page_a_file_of_the_same_layout_is_taken_and_that_is_said()
    {
        Place("lib/x.so");
        using CoreTarget target = Open(Core(Image().Build(), headers: false));
        target.Constants.Read(new Address(Start), new byte[64]).ShouldBe(64);
        Note note = target.Notes.Single(note => note.Code == "files-unproved");
        note.Subject.ShouldBe("/lib/x.so");
    }

    [Fact]
    public void Data_that_the_program_may_have_changed_never_comes_from_the_file()
    {
        Place("lib/x.so");
        byte[] whole = Core(Image().Build(), headers: true).Build();
        int place = whole.AsSpan().IndexOf("written by the program"u8);
        string path = Write(whole[..place]);
        using CoreTarget target = CoreTarget.Open(path, Options());
        target.Constants.Read(new Address(Data), new byte[16]).ShouldBe(0);
        target.Notes.ShouldContain(note => note.Code == "core-truncated" && note.Incomplete);
    }

    [Fact]
    public void Access_of_ranges_that_gdb_left_out_comes_from_the_program_headers()
    {
        using CoreTarget target = Open(Core(Image().Build(), headers: true, gdb: true));
        Mapping text = target.Modules.FindMapping(new Address(Start + 0x1000)).ShouldNotBeNull();
        text.Access.ShouldBe(MappingAccess.Read | MappingAccess.Execute);
        (text.Path, text.Offset).ShouldBe(("/lib/x.so", 0x1000ul));
    }

    [Fact]
    public void Names_come_from_the_program_headers_where_the_core_has_no_list_of_files()
    {
        using CoreTarget target = Open(Core(Image().Build(), headers: true, files: false));
        Module module = target.Modules.Modules.ShouldHaveSingleItem();
        module.Base.ShouldBe(new Address(Start));
        target.Notes.ShouldContain(note => note.Code == "core-without-files");
    }

    [Fact]
    public void Threads_tell_their_registers_and_the_call_that_they_are_in()
    {
        using CoreTarget target = Open();
        var seen = new Seen();
        LookResult result = target.Observe(seen, new LookOptions());
        result.PauseMicroseconds.ShouldBeNull();
        TargetThread crashed = seen.Threads[0];
        crashed.Call.ShouldBeNull();
        crashed.Registers![16].ShouldBe(0x1234ul);
        TargetThread waiting = seen.Threads[1];
        waiting.Call.ShouldBe(new BlockedCall(202, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf));
        (waiting.ThreadPointer, waiting.StackPointer, waiting.State).ShouldBe((new Address(0x7f55), new Address(Stack), ThreadState.Unknown));
    }

    [Fact]
    public void The_signal_the_pid_and_the_whole_command_are_told()
    {
        using CoreTarget target = Open();
        target.Info.Signal.ShouldBe(new CrashSignal(11, "SIGSEGV", 0x18, 81));
        target.Info.Pid.ShouldBe(80);
        target.Info.Command.ShouldBe(["/lib/x.so", "with a blank"]);
    }

    [Fact]
    public void A_signal_that_stops_a_living_process_ended_none()
    {
        using CoreTarget target = Open(new CoreBuilder().Thread(5, 19).Load(Stack, 0x1000, new byte[0x1000]));
        target.Info.Signal.ShouldBeNull();
    }

    [Theory]
    [InlineData("nothing", "no-such-file")]
    [InlineData("", "not-a-core")]
    public void Paths_that_lead_to_no_core_are_told_apart(string name, string code) =>
        Should.Throw<UserError>(() => CoreTarget.Open(Path.Combine(_directory, name), new CoreOptions())).Code.ShouldBe(code);

    [Fact]
    public void Files_that_are_no_cores_are_told_apart()
    {
        Code([]).ShouldBe("empty-file");
        Code("#!/bin/sh\necho this is no core\n"u8.ToArray()).ShouldBe("not-a-core");
        Code(Image().Build()).ShouldBe("not-a-core");
        Code(new CoreBuilder { Machine = 183 }.Build()).ShouldBe("foreign-architecture");
        byte[] narrow = new CoreBuilder().Build();
        narrow[4] = 1;
        Code(narrow).ShouldBe("foreign-architecture");
        Code(new CoreBuilder().Build()[..70]).ShouldBe("core-damaged");
    }

    internal static CoreBuilder WithProgram(out byte[] image) => Core(image = Image().Build(), headers: true);

    private static ElfBuilder Image() => ElfImageTests.Forty(new ElfBuilder());

    private static CoreBuilder Core(byte[] image, bool headers, bool gdb = false, bool files = true)
    {
        byte[] auxiliary = CoreBuilder.AuxiliaryBytes((33, 0x7fff0000), (3, Start + 64), (9, Start + 0x1000), (25, Stack + 0x800), (31, Stack + 0x900));
        byte[] data = new byte[0x2000];
        "written by the program"u8.CopyTo(data);
        var builder = new CoreBuilder()
            .Thread(81, 11, (16, 0x1234), (19, Stack)).Process(80, "x", "/lib/x.so with a blank").Signal(11, 1, 0x18).Note("CORE", 6, auxiliary);
        if (files)
            builder.Files((Start, Start + 0x2000, 0, "/lib/x.so"), (Data, Data + 0x1000, 0x2000, "/lib/x.so"));
        builder.Thread(
            80, 0, (10, unchecked((ulong)-512)), (15, 202), (14, 0xa), (13, 0xb), (12, 0xc), (7, 0xd), (9, 0xe), (8, 0xf), (19, Stack), (21, 0x7f55));
        const ElfSegmentFlags Text = ElfSegmentFlags.Read | ElfSegmentFlags.Execute;
        byte[] first = headers ? image[..0x1000] : [];
        if (gdb)
            builder.Load(Start, 0x1000, first, Text);
        else
            builder.Load(Start, 0x2000, first, Text);
        return builder.Load(Stack, 0x1000, StackContent(auxiliary)).Load(Data, 0x2000, data);
    }

    /// <summary>argc, argv, NULL, envp, NULL, auxv; strings from 0x900 on.</summary>
    private static byte[] StackContent(byte[] auxiliary)
    {
        byte[] stack = new byte[0x1000];
        stack.AsSpan(0, 0x100).Fill(0x55);
        Encoding.UTF8.GetBytes("/lib/x.so\0with a blank\0\0A=1\0").CopyTo(stack, 0x900);
        ulong[] words = [3, Stack + 0x900, Stack + 0x90a, Stack + 0x917, 0, Stack + 0x918, 0];
        Buffer.BlockCopy(words, 0, stack, 0x600, words.Length * 8);
        auxiliary.CopyTo(stack, 0x600 + (words.Length * 8));
        return stack;
    }

    private byte[] Place(string path, ElfBuilder? builder = null)
    {
        string place = Path.Combine(_directory, path);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        byte[] file = (builder ?? Image()).Build();
        File.WriteAllBytes(place, file);
        return file;
    }

    private CoreOptions Options() => new() { SysRoot = _directory };

    private CoreTarget Open(CoreBuilder? builder = null) => CoreTarget.Open(Write((builder ?? Core(Image().Build(), headers: true)).Build()), Options());

    private string Write(byte[] bytes)
    {
        string path = Path.Combine(_directory, "core");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private string Code(byte[] bytes) => Should.Throw<UserError>(() => CoreTarget.Open(Write(bytes), new CoreOptions())).Code;

    private sealed class Seen : ILookObserver
    {
        public IReadOnlyList<TargetThread> Threads { get; private set; } = [];

        public void Read(Look look) => Threads = look.Threads;
    }
}

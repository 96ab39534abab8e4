using System.Text;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Symbols;
using Kaa.Tests.Unit.Formats;

namespace Kaa.Tests.Unit.Target.Symbols;

public sealed class SymbolizerTests
{
    private const string Source =
        "int puts(const char *s); int rand(void);\n" +
        "volatile int sink;\n" +
        "static inline __attribute__((always_inline)) int inside(int x) { sink = x; return x * 7; }\n" +
        "static __attribute__((noinline)) int hidden(int x) { return inside(x) + inside(x + 1); }\n" +
        "int shown(int x) { return hidden(x) + puts(\"x\") + rand(); }\n";

    private static readonly string[] s_options = ["-O2", "-g", "-shared", "-fPIC", "-Wl,--build-id=sha1", "-Wl,-z,lazy", "-fcf-protection=none"];

    [Fact]
    public void Debug_information_of_the_mapped_file_tells_functions_lines_and_inlined_calls()
    {
        using var program = new CompiledProgram(Source, s_options);
        using LoadedFile target = Load(program.Path, program.Path);
        Address hidden = AddressOf(program.Path, "hidden");
        IReadOnlyList<SymbolizedFrame> frames = new Symbolizer(target).Resolve(hidden, isReturnAddress: false);
        frames.Select(frame => frame.Function).ShouldBe(["inside", "hidden"]);
        frames.Select(frame => frame.Line).ShouldBe([3, 4]);
        frames.Select(frame => frame.Inlined).ShouldBe([true, false]);
        frames.ShouldAllBe(frame => frame.File!.EndsWith("/program.c") && frame.Module == LoadedFile.ModulePath && frame.Source == SymbolSource.DebugInfo);
        frames[1].OffsetInFunction.ShouldBe(0ul);
    }

    [Fact]
    public void A_return_address_stands_for_the_call_before_it()
    {
        using var program = new CompiledProgram(Source, s_options);
        using LoadedFile target = Load(program.Path, program.Path);
        var symbolizer = new Symbolizer(target);
        ElfSymbol shown = SymbolOf(program.Path, "shown");
        Address behind = new(LoadedFile.Bias + shown.Value + shown.Size);
        SymbolizedFrame frame = symbolizer.Resolve(behind, isReturnAddress: true)[^1];
        frame.Function.ShouldBe("shown");
        frame.OffsetInFunction.ShouldBe(shown.Size);
        symbolizer.Resolve(behind, isReturnAddress: false)[^1].Function.ShouldNotBe("shown");
    }

    [Fact]
    public void Without_its_file_a_module_tells_the_functions_that_it_exports()
    {
        using var program = new CompiledProgram(Source, s_options);
        using LoadedFile target = Load(program.Path, null);
        var symbolizer = new Symbolizer(target);
        SymbolizedFrame frame = symbolizer.Resolve(AddressOf(program.Path, "shown") + 2, isReturnAddress: false)[0];
        (frame.Function, frame.OffsetInFunction, frame.Source).ShouldBe(("shown", 2ul, SymbolSource.Memory));
        SymbolizedFrame unknown = symbolizer.Resolve(AddressOf(program.Path, "hidden"), isReturnAddress: false)[0];
        (unknown.Function, unknown.Module).ShouldBe((null, LoadedFile.ModulePath));
    }

    [Theory]
    [InlineData(true, "-Wl,-z,lazy")]
    [InlineData(false, "-Wl,-z,lazy")]
    [InlineData(true, "-Wl,-z,now")]
    [InlineData(false, "-fcf-protection=full")]
    public void Stubs_have_the_names_of_what_they_lead_to(bool withFile, string option)
    {
        using var program = new CompiledProgram(Source, [.. s_options, option]);
        using LoadedFile target = Load(program.Path, withFile ? program.Path : null);
        var symbolizer = new Symbolizer(target);
        var names = new List<string?>();
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(program.Path));
        foreach (ElfSection section in file.Sections.Where(section => section.Name.StartsWith(".plt")))
        {
            for (ulong i = 0; i < section.Size; i += 8)
                names.Add(symbolizer.Resolve(new Address(LoadedFile.Bias + section.Address + i + 1), isReturnAddress: false)[0].Function);
        }

        names.ShouldNotContain("_init");
        names.ShouldContain("puts@plt");
        names.ShouldContain("rand@plt");
    }

    [Fact]
    public void A_stripped_module_is_told_by_its_debug_file_of_the_same_build()
    {
        using var program = new CompiledProgram(Source, s_options);
        string debug = Split(program);
        using LoadedFile target = Load(program.Path, program.Path);
        target.Fake.ByPath[ById(program.Path)] = File.ReadAllBytes(debug);
        var symbolizer = new Symbolizer(target);
        symbolizer.Resolve(AddressOf(debug, "hidden"), isReturnAddress: false).Select(frame => frame.Function).ShouldBe(["inside", "hidden"]);
        symbolizer.Notes.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Debug_files_of_the_host_are_found_in_the_directories_that_were_named(bool named)
    {
        using var program = new CompiledProgram(Source, s_options);
        string debug = Split(program);
        using LoadedFile target = Load(program.Path, program.Path);
        string path = named ? "/srv/symbols" + ById(program.Path)["/usr/lib/debug".Length..] : ById(program.Path);
        target.DebugFiles = new DebugFileSearch
        {
            Directories = named ? ["/srv/symbols/"] : [],
            OpenHost = wanted => wanted == path ? File.OpenRead(debug) : null,
        };
        new Symbolizer(target).Resolve(AddressOf(debug, "hidden"), isReturnAddress: false)[0].Function.ShouldBe("inside");
    }

    [Fact]
    public void A_debug_file_of_another_build_is_not_used_and_that_is_said()
    {
        using var program = new CompiledProgram(Source, s_options);
        using var other = new CompiledProgram(Source.Replace("* 7", "* 8"), s_options);
        Address hidden = AddressOf(program.Path, "hidden");
        Split(program);
        using LoadedFile target = Load(program.Path, program.Path);
        target.Fake.ByPath[ById(program.Path)] = File.ReadAllBytes(other.Path);
        var symbolizer = new Symbolizer(target);
        symbolizer.Resolve(hidden, isReturnAddress: false)[0].Function.ShouldBeNull();
        Note note = symbolizer.Notes.ShouldHaveSingleItem();
        (note.Code, note.Subject).ShouldBe((NoteCodes.DebugFileMismatch, ById(program.Path)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_a_build_id_the_checksum_of_the_link_decides(bool right)
    {
        using var program = new CompiledProgram(Source, [.. s_options, "-Wl,--build-id=none"]);
        string debug = Split(program);
        Address hidden = AddressOf(debug, "hidden");
        byte[] content = File.ReadAllBytes(debug);
        if (!right)
            content = [.. content, 0];
        using LoadedFile target = Load(program.Path, program.Path);
        target.Fake.ByPath["/opt/lib/.debug/program.debug"] = content;
        var symbolizer = new Symbolizer(target);
        symbolizer.Resolve(hidden, isReturnAddress: false)[0].Function.ShouldBe(right ? "inside" : null);
        symbolizer.Notes.Count.ShouldBe(right ? 0 : 1);
    }

    [Fact]
    public void Packed_symbols_tell_the_functions_that_are_not_exported()
    {
        using var program = new CompiledProgram(Source, s_options);
        Address hidden = AddressOf(program.Path, "hidden");
        CompiledProgram.Run("strip", ["--strip-debug", "-o", program.In("mini"), program.Path]);
        CompiledProgram.Run("xz", ["-k", program.In("mini")]);
        CompiledProgram.Run("strip", ["--strip-all", program.Path]);
        CompiledProgram.Run("objcopy", ["--add-section", ".gnu_debugdata=" + program.In("mini.xz"), program.Path]);
        using LoadedFile target = Load(program.Path, program.Path);
        SymbolizedFrame frame = new Symbolizer(target).Resolve(hidden + 1, isReturnAddress: false)[0];
        (frame.Function, frame.OffsetInFunction, frame.Source).ShouldBe(("hidden", 1ul, SymbolSource.MiniDebugInfo));
    }

    [Fact]
    public void An_address_that_nothing_is_mapped_at_is_unknown()
    {
        using var program = new CompiledProgram(Source, s_options);
        using LoadedFile target = Load(program.Path, program.Path);
        new Symbolizer(target).Resolve(new Address(0x1000), isReturnAddress: true)
            .ShouldHaveSingleItem().ShouldBe(new SymbolizedFrame(null, null, null, null, false, null));
    }

    [Fact]
    public void Damaged_debug_information_leaves_the_symbols_and_is_said()
    {
        using var program = new CompiledProgram(Source, s_options);
        byte[] bytes = File.ReadAllBytes(program.Path);
        using (ElfFile file = ElfFile.Open(bytes))
        {
            ElfSection abbreviations = file.FindSection(".debug_abbrev")!;
            bytes.AsSpan((int)abbreviations.Offset, (int)abbreviations.Size).Fill(0xff);
        }

        using var target = new LoadedFile(bytes);
        target.Fake.Mapped[LoadedFile.ModulePath] = bytes;
        var symbolizer = new Symbolizer(target);
        SymbolizedFrame frame = symbolizer.Resolve(AddressOf(program.Path, "hidden"), isReturnAddress: false).ShouldHaveSingleItem();
        (frame.Function, frame.Source).ShouldBe(("hidden", SymbolSource.Symbols));
        symbolizer.Notes.ShouldHaveSingleItem().Code.ShouldBe(NoteCodes.DebugInfoDamaged);
    }

    private static LoadedFile Load(string path, string? mapped)
    {
        var target = new LoadedFile(File.ReadAllBytes(path));
        if (mapped is not null)
            target.Fake.Mapped[LoadedFile.ModulePath] = File.ReadAllBytes(mapped);
        return target;
    }

    /// <summary>Moves symbols and debug information into a file of their own, as distributions do; gives its path.</summary>
    private static string Split(CompiledProgram program)
    {
        string debug = program.In("program.debug");
        CompiledProgram.Run("objcopy", ["--only-keep-debug", program.Path, debug]);
        CompiledProgram.Run("strip", ["--strip-all", program.Path]);
        CompiledProgram.Run("objcopy", ["--add-gnu-debuglink=" + debug, program.Path]);
        return debug;
    }

    private static string ById(string path)
    {
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(path));
        string id = Convert.ToHexStringLower(file.BuildId!);
        return new StringBuilder("/usr/lib/debug/.build-id/").Append(id, 0, 2).Append('/').Append(id, 2, id.Length - 2).Append(".debug").ToString();
    }

    private static Address AddressOf(string path, string function) => new(LoadedFile.Bias + SymbolOf(path, function).Value);

    private static ElfSymbol SymbolOf(string path, string function)
    {
        using ElfFile file = ElfFile.Open(File.ReadAllBytes(path));
        return file.FindSymbol(function)!.Value;
    }
}

using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Formats.Elf;

/// <summary>The images that this very process has loaded; the dynamic loader is the judge.</summary>
public sealed class OwnImagesTests : IDisposable
{
    private readonly OwnMemory _memory = new();

    public void Dispose() => _memory.Dispose();

    [Theory]
    [InlineData("malloc")]
    [InlineData("mkdir")]
    [InlineData("memalign")]
    [InlineData("environ")]
    [InlineData("no_such_function_at_all")]
    public void A_symbol_of_libc_is_where_dlsym_finds_it(string name)
    {
        nint libc = NativeLibrary.Load("libc.so.6");
        bool exists = NativeLibrary.TryGetExport(libc, name, out nint expected);
        ElfImage image = ElfImage.FromMemory(_memory, StartOf("/libc.so.6"));
        ElfSymbol? symbol = image.FindSymbol(System.Text.Encoding.ASCII.GetBytes(name));
        symbol.HasValue.ShouldBe(exists);
        if (symbol is { } found)
            image.AddressOf(found).ShouldBe(new Address((ulong)expected));
    }

    [Fact]
    public void The_vdso_is_read_though_nobody_relocated_it()
    {
        ulong start = AuxiliaryVector.Parse(File.ReadAllBytes("/proc/self/auxv"))[AuxiliaryKey.Vdso]!.Value;
        ElfImage image = ElfImage.FromMemory(_memory, new Address(start));
        ElfSymbol symbol = image.FindSymbol("__vdso_clock_gettime"u8).ShouldNotBeNull();
        image.Contains(image.AddressOf(symbol)).ShouldBeTrue();
        symbol.Type.ShouldBe(ElfSymbolType.Function);
    }

    [Fact]
    public void Build_id_and_symbols_in_memory_are_those_of_the_file()
    {
        Mapping mapping = MappingOf("/libc.so.6");
        ElfImage image = ElfImage.FromMemory(_memory, mapping.Start);
        using ElfFile file = ElfFile.Open(File.OpenRead(mapping.Path));
        image.BuildId.ShouldBe(file.BuildId.ShouldNotBeNull());
        ElfSymbol inFile = file.DynamicSymbols!.Find("mkdir").ShouldNotBeNull();
        inFile.ShouldBe(image.FindSymbol("mkdir"u8)!.Value);
        file.DynamicSymbols.NameOf(inFile).ShouldBe("mkdir");
        file.DynamicSymbols.NameOf(file.DynamicSymbols.FindByAddress(inFile.Value + 1)!.Value).ShouldBe("mkdir");
    }

    private static Mapping MappingOf(string end) =>
        MapsParser.Parse(File.ReadAllBytes("/proc/self/maps")).First(mapping => mapping.Path.EndsWith(end, StringComparison.Ordinal) && mapping.Offset == 0);

    private static Address StartOf(string end) => MappingOf(end).Start;

    private sealed class OwnMemory : IMemory, IDisposable
    {
        private readonly FileStream _file = new("/proc/self/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);

        public int Read(Address address, Span<byte> buffer) => RandomAccess.Read(_file.SafeFileHandle, buffer, (long)address.Value);

        public void Dispose() => _file.Dispose();
    }
}

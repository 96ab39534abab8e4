using System.Globalization;
using System.Text;
using Kaa.Formats;
using Kaa.Formats.Archives;
using Kaa.Formats.Cfi;
using Kaa.Formats.Compression;
using Kaa.Formats.Cores;
using Kaa.Formats.Demangling;
using Kaa.Formats.Dwarf;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;

namespace Kaa.Fuzz;

/// <summary>The families by name, with the corpus that fuzz/run has made in a directory.</summary>
internal static class Families
{
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static Family Open(string name, string corpus) => name switch
    {
        "elf" => new BytesFamily(name, Programs(corpus, _ => true), ReadElf),
        "types" => new BytesFamily(name, Programs(corpus, IsDebug), ReadTypes),
        "code" => new BytesFamily(name, Programs(corpus, IsDebug), ReadCode),
        "cfi" => new BytesFamily(name, Programs(corpus, section => section is ".eh_frame" or ".eh_frame_hdr" or ".debug_frame"), ReadRules),
        "core" => new BytesFamily(name, Cores(corpus), ReadCore),
        "unpack" => new BytesFamily(name, Files(corpus, "*.xz", "*.zst", "*.lz4"), Unpack),
        "text" => new BytesFamily(name, Files(corpus, "*.txt"), ReadText),
        "names" => new BytesFamily(name, Names(corpus), (bytes, _) => Demangler.Demangle(Encoding.Latin1.GetString(bytes))),
        "zip" => new BytesFamily(name, Files(corpus, "*.zip"), ReadZip),
        "walk" => new WalkFamily(name, Directory.GetFiles(corpus, "python*.core")),
        "native" => new WalkFamily(name, Directory.GetFiles(corpus, "python*.core"), images: true),
        _ => throw new ArgumentException($"no family {name}"),
    };

    private static bool IsDebug(string section) => section.Contains("debug_", StringComparison.Ordinal);

    /// <summary>Compiled programs; damaged where the headers are and in certain sections.</summary>
    private static List<Sample> Programs(string corpus, Func<string, bool> takes)
    {
        var samples = new List<Sample>();
        foreach (string path in Sorted(corpus, "*.elf"))
        {
            byte[] bytes = File.ReadAllBytes(path);
            using ElfFile file = ElfFile.Open(bytes);
            var parts = new List<Range>();
            foreach (ElfSection section in file.Sections)
            {
                if (section is { HasContent: true, Size: > 0 } && takes(section.Name))
                    parts.Add((int)section.Offset..(int)(section.Offset + section.Size));
            }

            ElfSymbol? main = file.FindSymbol("main");
            samples.Add(new Sample(Path.GetFileName(path), bytes, parts, main?.Value ?? 0, main?.Size ?? 0));
        }

        return samples;
    }

    private static List<Sample> Files(string corpus, params string[] patterns)
    {
        var samples = new List<Sample>();
        foreach (string pattern in patterns)
        {
            foreach (string path in Sorted(corpus, pattern))
                samples.Add(new Sample(Path.GetFileName(path), File.ReadAllBytes(path), []));
        }

        return samples;
    }

    /// <summary>Headers and notes, which are what a parser reads of a core.</summary>
    private static List<Sample> Cores(string corpus)
    {
        const int Most = 256 << 10;
        var samples = new List<Sample>();
        foreach (string path in Sorted(corpus, "*.core"))
        {
            using FileStream file = File.OpenRead(path);
            byte[] bytes = new byte[Math.Min(file.Length, Most)];
            file.ReadExactly(bytes);
            samples.Add(new Sample(Path.GetFileName(path), bytes, []));
        }

        return samples;
    }

    private static List<Sample> Names(string corpus)
    {
        var samples = new List<Sample>();
        foreach (string line in File.ReadLines(Path.Combine(corpus, "names")))
            samples.Add(new Sample("names", Encoding.Latin1.GetBytes(line), []));
        return samples;
    }

    private static string[] Sorted(string corpus, string pattern)
    {
        string[] paths = Directory.GetFiles(corpus, pattern);
        Array.Sort(paths, StringComparer.Ordinal);
        return paths.Length > 0 ? paths : throw new ArgumentException($"{corpus} has no {pattern}: fuzz/run makes them");
    }

    private static void ReadElf(byte[] bytes, Sample sample)
    {
        using ElfFile file = ElfFile.Open(bytes);
        _ = file.BuildId;
        foreach (ElfSection section in file.Sections)
            Try(() => _ = section.HasContent ? file.ReadSection(section) : []);
        Try(() => file.Symbols?.FindFunction(sample.Address));
        Try(() => file.Symbols?.FindByAddress(sample.Address + 1));
        Try(() => file.DynamicSymbols?.FindFunction(sample.Address));
        Try(() => file.FindSymbol("main"));
        Try(() => _ = file.DebugLink);
        Try(() => _ = file.DebugAltLink);
        Try(() => ReadImage(bytes));
    }

    private static void ReadImage(byte[] bytes)
    {
        ElfImage image = ElfImage.FromMemory(new BytesMemory(bytes, 0x400000), new Address(0x400000));
        _ = image.BuildId;
        Try(() => image.FindSymbol("main"u8));
        Try(() => image.DynamicSymbols.FindFunction(0x1000));
        Try(() => image.FindStub(new Address(0x401030)));
    }

    private static void ReadTypes(byte[] bytes, Sample sample)
    {
        using ElfFile file = ElfFile.Open(bytes);
        foreach (StructLayout layout in DwarfTypes.Find(file, ["_ts", "State", "inner", "other", "nowhere"]).Values)
        {
            layout.TryOffset("gil.locked", out _);
            layout.TryOffset("many[3].table[1]", out _);
            layout.TryOffset("b[2]", out _);
        }
    }

    private static void ReadCode(byte[] bytes, Sample sample)
    {
        using ElfFile file = ElfFile.Open(bytes);
        DwarfCode code = DwarfCode.Open(file, null);
        for (ulong i = 0; i < Math.Min(sample.Size, 256); i += 7)
            code.Find(sample.Address + i);
    }

    private static void ReadRules(byte[] bytes, Sample sample)
    {
        using ElfFile file = ElfFile.Open(bytes);
        ElfImage image = ElfImage.FromMemory(new BytesMemory(bytes, 0), new Address(0));
        var memory = new BytesMemory(bytes, 0);
        foreach (ElfProgramHeader header in image.ProgramHeaders)
        {
            if (header.Type == ElfSegmentType.GnuEhFrame)
                Try(() => Rows(EhFrame.Open(memory, new Address(header.VirtualAddress)), sample));
        }

        if (file.FindSection(".eh_frame") is { } list)
            Try(() => Rows(new EhFrameList(memory, new Address(list.Address), list.Size), sample));
        if (file.FindSection(".debug_frame") is { HasContent: true } frames)
            Try(() => Rows(new DebugFrame(file.ReadSection(frames), 0), sample));
    }

    private static void Rows(IUnwindRows? rows, Sample sample)
    {
        for (ulong i = 0; rows is not null && i < Math.Min(sample.Size, 128); i += 5)
        {
            var at = new Address(sample.Address + i);
            Try(() => Expressions(rows.Find(at)));
        }

        if (rows is not null)
            Try(() => rows.Visit((_, row) => Expressions(row)));
    }

    private static void Expressions(UnwindRow? row)
    {
        if (row is null)
            return;
        Span<ulong?> registers = new ulong?[17];
        registers.Fill(0x7000);
        IMemory memory = new BytesMemory(new byte[4096], 0x7000);
        if (row.CfaExpression is { } cfa)
            DwarfExpression.Evaluate(cfa, registers, memory, null);
        foreach (UnwindRule rule in row.Rules)
        {
            if (rule.Expression is { } expression)
                DwarfExpression.Evaluate(expression, registers, memory, 0x7010);
        }
    }

    private static void ReadCore(byte[] bytes, Sample sample)
    {
        using CoreFile core = CoreFile.Open(bytes);
        foreach (CoreVendorNote note in core.Notes.Vendor)
            Try(() => core.ReadNote(note));
    }

    private static void Unpack(byte[] bytes, Sample sample)
    {
        using UnpackingStream? stream = Unpacking.Open(new MemoryStream(bytes), Unpacking.FormatOf(bytes), 16 << 20);
        byte[] piece = new byte[64 << 10];
        while (stream is not null && stream.Read(piece, 0, piece.Length) > 0)
        {
        }
    }

    private static void ReadText(byte[] bytes, Sample sample)
    {
        Try(() => MapsParser.Parse(bytes));
        Try(() => StatusParser.Parse(bytes));
        Try(() => StatusParser.ContextSwitches(bytes));
        Try(() => StatParser.Parse(bytes));
        Try(() => SyscallText.Parse(bytes));
        Try(() => CgroupParser.FindContainer(bytes));
        Try(() => AuxiliaryVector.Parse(bytes));
        Try(() => NulSeparated.Split(bytes));
    }

    private static void ReadZip(byte[] bytes, Sample sample)
    {
        using ZipDirectory? zip = ZipDirectory.Open(new MemoryStream(bytes));
        for (int i = 0; i < 4; i++)
            zip?.Read(string.Create(CultureInfo.InvariantCulture, $"dir/file{i}.py"), 1 << 20);
    }

    /// <summary>One bad part does not keep the others from being read.</summary>
    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is BadData or TargetFault)
        {
            // As it should be.
        }
    }
}

/// <summary>Bytes at an address, with nothing around them.</summary>
internal sealed class BytesMemory(byte[] bytes, ulong start) : IMemory
{
    public int Read(Address address, Span<byte> buffer)
    {
        if (address.Value < start || address.Value - start >= (ulong)bytes.Length)
            return 0;
        ReadOnlySpan<byte> rest = bytes.AsSpan((int)(address.Value - start));
        int count = Math.Min(rest.Length, buffer.Length);
        rest[..count].CopyTo(buffer);
        return count;
    }
}

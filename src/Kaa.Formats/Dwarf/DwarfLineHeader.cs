namespace Kaa.Formats.Dwarf;

/// <summary>The header of one line number program (DWARF 5, 6.2.4; 2 to 4 differ in the tables of files).</summary>
internal sealed class DwarfLineHeader
{
    private readonly DwarfFile _file;
    private readonly List<Text> _directories = [];
    private readonly List<(Text Name, ulong Directory)> _files = [];

    private DwarfLineHeader(DwarfFile file, DwarfEncoding encoding) => (_file, Encoding) = (file, encoding);

    /// <summary>A string, or where it lies: few of a header's are ever wanted.</summary>
    private readonly record struct Text(string? Known, DwarfValue Place);

    public DwarfEncoding Encoding { get; private set; }

    public byte MinimumInstructionLength { get; private set; }

    public byte MaximumOperations { get; private set; } = 1;

    /// <summary>What is_stmt is at the start of each sequence.</summary>
    public bool DefaultIsStatement { get; private set; }

    public sbyte LineBase { get; private set; }

    public byte LineRange { get; private set; }

    /// <summary>How many operands each standard opcode has; that of number 1 comes first.</summary>
    public byte[] OperandCounts { get; private set; } = [];

    /// <summary>Where the program begins, from the start of the bytes.</summary>
    public int Program { get; private set; }

    /// <summary>How many bytes header and program have, their length field included; at most what the section has.</summary>
    /// <exception cref="BadData">The length makes no sense.</exception>
    public static int Measure(DwarfSectionReader reader, ulong sectionLength)
    {
        ulong start = reader.Position;
        ulong length = reader.U32();
        if (length == 0xffffffff)
            length = reader.U64();
        ulong before = reader.Position - start;
        return length <= Limits.DwarfUnit && length <= sectionLength - reader.Position
            ? (int)(length + before)
            : throw new BadData(".debug_line", start, $"a program of {length} bytes");
    }

    /// <exception cref="BadData">The header breaks the format, or is of an unknown version.</exception>
    public static DwarfLineHeader Parse(ReadOnlySpan<byte> bytes, DwarfFile file, byte addressSize)
    {
        var reader = new SpanReader(bytes, ".debug_line");
        bool is64 = reader.U32() == 0xffffffff;
        if (is64)
            reader.U64();
        ushort version = reader.U16();
        if (version is < 2 or > 5)
            throw new BadData(".debug_line", 4, $"version {version} is not known");
        var header = new DwarfLineHeader(file, new DwarfEncoding(version, addressSize, is64));
        if (version >= 5)
        {
            header.Encoding = header.Encoding with { AddressSize = reader.U8() };
            reader.U8();
        }

        ulong length = is64 ? reader.U64() : reader.U32();
        if (length > (ulong)reader.Remaining)
            throw new BadData(".debug_line", reader.Position, $"a header of {length} bytes");
        header.Program = reader.Position + (int)length;
        header.ReadMachine(ref reader);
        if (version >= 5)
            header.ReadTables(ref reader);
        else
            header.ReadOldTables(ref reader);
        return header;
    }

    /// <summary>The path of a file by its number, as programs and entries give it; null where there is none such.</summary>
    /// <param name="compilationDirectory">Of the unit; what relative paths begin at.</param>
    public string? Path(ulong number, string? compilationDirectory)
    {
        // Up to version 4 files count from 1, and directory 0 is that of the compilation.
        ulong index = Encoding.Version >= 5 ? number : unchecked(number - 1);
        if (index >= (ulong)_files.Count)
            return null;
        (Text name, ulong directory) = _files[(int)index];
        string? at = Encoding.Version >= 5 ? Directory(directory) : directory == 0 ? null : Directory(directory - 1);
        return Join(compilationDirectory, Join(at, Read(name)));
    }

    /// <summary>The files of that name by their numbers: a name alone, or the end of a path.</summary>
    public Dictionary<ulong, string> Named(string name)
    {
        var found = new Dictionary<ulong, string>();
        string last = name[(name.LastIndexOf('/') + 1)..];
        for (int i = 0; i < _files.Count; i++)
        {
            ulong number = (ulong)(Encoding.Version >= 5 ? i : i + 1);
            if (Read(_files[i].Name).EndsWith(last, StringComparison.Ordinal) && Path(number, null) is { } path && (path == name || path.EndsWith("/" + name, StringComparison.Ordinal)))
                found[number] = path;
        }

        return found;
    }

    /// <summary>As a program defines it on its way.</summary>
    public void Define(ref SpanReader reader)
    {
        Text name = Decode(reader.CString());
        ulong directory = reader.Uleb();
        reader.Uleb();
        reader.Uleb();
        AddFile(name, directory);
    }

    private static string Join(string? directory, string path) =>
        string.IsNullOrEmpty(directory) || path.StartsWith('/') ? path : directory.EndsWith('/') ? directory + path : directory + "/" + path;

    private static Text Decode(ReadOnlySpan<byte> bytes) => new(System.Text.Encoding.UTF8.GetString(bytes), default);

    private string Read(Text text) => text.Known ?? _file.SectionText(text.Place) ?? "";

    private string? Directory(ulong index) => index < (ulong)_directories.Count ? Read(_directories[(int)index]) : null;

    private void ReadMachine(ref SpanReader reader)
    {
        MinimumInstructionLength = reader.U8();
        if (Encoding.Version >= 4)
            MaximumOperations = Math.Max((byte)1, reader.U8());
        DefaultIsStatement = reader.U8() != 0;
        LineBase = unchecked((sbyte)reader.U8());
        LineRange = reader.U8();
        int opcodes = reader.U8();
        if (LineRange == 0 || opcodes == 0)
            throw new BadData(".debug_line", reader.Position, "line_range and opcode_base can't be 0");
        OperandCounts = reader.Take(opcodes - 1).ToArray();
    }

    private void ReadOldTables(ref SpanReader reader)
    {
        for (ReadOnlySpan<byte> name = reader.CString(); !name.IsEmpty; name = reader.CString())
            AddDirectory(Decode(name));
        while (true)
        {
            ReadOnlySpan<byte> name = reader.CString();
            if (name.IsEmpty)
                return;
            ulong directory = reader.Uleb();
            reader.Uleb();
            reader.Uleb();
            AddFile(Decode(name), directory);
        }
    }

    private void ReadTables(ref SpanReader reader)
    {
        foreach ((Text name, _) in ReadTable(ref reader))
            AddDirectory(name);
        foreach ((Text name, ulong directory) in ReadTable(ref reader))
            AddFile(name, directory);
    }

    private List<(Text Name, ulong Directory)> ReadTable(ref SpanReader reader)
    {
        var formats = new (DwarfLineContent Content, DwarfForm Form)[reader.U8()];
        for (int i = 0; i < formats.Length; i++)
            formats[i] = ((DwarfLineContent)Math.Min(reader.Uleb(), ushort.MaxValue), (DwarfForm)Math.Min(reader.Uleb(), ushort.MaxValue));
        var entries = new List<(Text Name, ulong Directory)>();
        ulong count = reader.Uleb();

        // Entries without content take no bytes: their number says nothing.
        if (formats.Length == 0 || count > (ulong)reader.Remaining)
            return count == 0 ? entries : throw new BadData(".debug_line", reader.Position, $"a table of {count} files");
        for (ulong i = 0; i < count; i++)
            entries.Add(ReadEntry(ref reader, formats));
        return entries;
    }

    private (Text Name, ulong Directory) ReadEntry(ref SpanReader reader, ReadOnlySpan<(DwarfLineContent Content, DwarfForm Form)> formats)
    {
        var name = default(Text);
        ulong directory = 0;
        foreach ((DwarfLineContent content, DwarfForm form) in formats)
        {
            if (content == DwarfLineContent.Path && form == DwarfForm.String)
            {
                name = Decode(reader.CString());
                continue;
            }

            DwarfValue value = DwarfValue.Read(ref reader, form, 0, Encoding);
            if (content == DwarfLineContent.Path)
                name = new Text(null, value);
            else if (content == DwarfLineContent.DirectoryIndex)
                directory = value.Number;
        }

        return (name, directory);
    }

    private void AddDirectory(Text name)
    {
        if (_directories.Count >= Limits.DwarfLineFiles)
            throw new BadData(".debug_line", 0, $"more than {Limits.DwarfLineFiles} directories");
        _directories.Add(name);
    }

    private void AddFile(Text name, ulong directory)
    {
        if (_files.Count >= Limits.DwarfLineFiles)
            throw new BadData(".debug_line", 0, $"more than {Limits.DwarfLineFiles} files");
        _files.Add((name, directory));
    }
}

using System.Buffers.Binary;
using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Results;

namespace Kaa.Tests.Unit.Python.Layout;

public sealed class DebugOffsetsTests
{
    public static TheoryData<string> Versions => ["3.13", "3.14", "3.15"];

    [Fact]
    public void The_tables_have_the_sizes_that_the_headers_give_them()
    {
        // sizeof(_Py_DebugOffsets) at v3.13.0, v3.14.0, and PY_REMOTE_DEBUG_OFFSETS_TOTAL_SIZE at v3.15.0rc1.
        DebugOffsets.SizeOf(DebugOffsetsFields.V313).ShouldBe(584);
        DebugOffsets.SizeOf(DebugOffsetsFields.V314).ShouldBe(760);
        DebugOffsets.SizeOf(DebugOffsetsFields.V315).ShouldBe(888);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void A_sound_table_is_taken_as_it_is(string version)
    {
        var table = new Table(version);
        DebugOffsets offsets = table.Parse();
        offsets.FreeThreaded.ShouldBeFalse();
        offsets.Version.ToString().ShouldBe(version + ".0");
        foreach (string name in table.Names)
            offsets[name].ShouldBe((int)table[name]);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void No_offset_may_lie_outside_of_its_structure(string version)
    {
        var table = new Table(version);
        foreach (string name in table.Offsets)
        {
            foreach (ulong hostile in (ulong[])[ulong.MaxValue, ulong.MaxValue - 7, 1ul << 63, 1ul << 32, 1ul << 31, 16 << 20])
                Should.Throw<BadData>(() => table.With(name, hostile).Parse(), $"{name} = {hostile:x}");
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void The_last_byte_of_a_field_counts(string version)
    {
        var table = new Table(version);
        ulong size = table["thread_state.size"];
        Should.NotThrow(() => table.With("thread_state.thread_id", size - 8).Parse());
        Should.Throw<BadData>(() => table.With("thread_state.thread_id", size - 4).Parse());
        Should.Throw<BadData>(() => table.With("thread_state.thread_id", size).Parse());
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void No_size_may_be_zero_or_beyond_all_measure(string version)
    {
        var table = new Table(version);
        foreach (string name in table.Names)
        {
            if (!name.EndsWith(".size", StringComparison.Ordinal))
                continue;
            foreach (ulong hostile in (ulong[])[0, 1ul << 25, 1ul << 40, ulong.MaxValue])
                Should.Throw<BadData>(() => table.With(name, hostile).Parse(), $"{name} = {hostile:x}");
        }
    }

    [Fact]
    public void A_pointer_must_be_aligned() =>
        Should.Throw<BadData>(() => new Table("3.14").With("interpreter_frame.previous", 12).Parse());

    [Fact]
    public void A_table_that_is_cut_off_is_refused()
    {
        byte[] bytes = new Table("3.14").Bytes;
        Should.Throw<BadData>(() => DebugOffsets.Parse(bytes.AsSpan(0, bytes.Length - 8), DebugOffsetsFields.V314));
        Should.Throw<BadData>(() => DebugOffsets.Parse(bytes.AsSpan(0, 10), DebugOffsetsFields.V314));
    }

    [Theory]
    [InlineData("ydebugpy", 0x030e0000u, 0ul)]
    [InlineData("xdebugpy", 0x030c0000u, 0ul)]
    [InlineData("xdebugpy", 0xff000000u, 0ul)]
    [InlineData("xdebugpy", 0x030e0000u, 2ul)]
    public void A_header_without_cookie_version_or_flag_is_none(string cookie, uint version, ulong freeThreaded)
    {
        byte[] header = new byte[24];
        System.Text.Encoding.ASCII.GetBytes(cookie).CopyTo(header, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), version);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), freeThreaded);
        DebugOffsets.ReadHeader(header).ShouldBeNull();
    }

    [Fact]
    public void What_the_table_lacks_moves_with_its_neighbour()
    {
        PyLayout pattern = PyLayout.V314(16);
        Table table = new Table("3.14")
            .With("code_object.size", 400)
            .With("code_object.firstlineno", (ulong)pattern.Code.co_firstlineno + 16)
            .With("code_object.linetable", (ulong)pattern.Code.co_linetable + 32)
            .With("runtime_state.interpreters_head", (ulong)pattern.Runtime.interpreters_head + 64)
            .With("interpreter_frame.instr_ptr", (ulong)pattern.Frame.instr_ptr + 8);

        PyLayout layout = DebugOffsetsLayout.Overlay(table.Parse(), pattern);

        layout.Source.ShouldBe(LayoutSource.DebugOffsets);
        layout.Code.co_flags.ShouldBe(pattern.Code.co_flags + 16);
        layout.Code._co_firsttraceable.ShouldBe(pattern.Code._co_firsttraceable + 32);
        layout.Runtime.main_thread.ShouldBe(pattern.Runtime.main_thread + 64);
        layout.Frame.frame_obj.ShouldBe(pattern.Frame.frame_obj + 8);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Our_own_pattern_agrees_with_the_table_of_a_real_interpreter(string version)
    {
        // Printed by eng/pythons' interpreters: 3.13.0, and Debian's 3.14.10 and 3.15.2.
        PyLayout pattern = version switch { "3.13" => PyLayout.V313(16), "3.14" => PyLayout.V314(16), _ => PyLayout.V315(16) };
        PyLayout layout = DebugOffsetsLayout.Overlay(DebugOffsets.Parse(RealTables.Of(version), Table.FieldsOf(version)), pattern);
        layout.Code.ShouldBe(pattern.Code);
        layout.Frame.ShouldBe(pattern.Frame);
        layout.Thread.ShouldBe(pattern.Thread);
    }

    /// <summary>Every structure a few fields long, every field in its own place.</summary>
    private sealed class Table
    {
        private readonly string _version;
        private readonly Dictionary<string, (int At, bool IsOffset)> _fields = [];

        public Table(string version)
        {
            _version = version;
            Bytes = new byte[DebugOffsets.SizeOf(FieldsOf(version))];
            "xdebugpy"u8.CopyTo(Bytes);
            BinaryPrimitives.WriteUInt64LittleEndian(Bytes.AsSpan(8), (3ul << 24) | (ulong.Parse(version[2..]) << 16) | 0xf0);
            int at = 24;
            foreach (string line in FieldsOf(version).Split('\n', StringSplitOptions.TrimEntries))
            {
                string[] words = line.Split(' ');
                for (int i = 1; i < words.Length; i++, at += 8)
                {
                    string name = words[0] + "." + words[i].Split(':')[0].TrimEnd('=');
                    bool isOffset = !words[i].EndsWith('=');
                    _fields.Add(name, (at, isOffset));
                    BinaryPrimitives.WriteUInt64LittleEndian(Bytes.AsSpan(at), isOffset ? (ulong)i * 8 : 1024);
                }
            }

            Set("gc.size", 512);
            Set("interpreter_state.gil_runtime_state", 8);
        }

        private Table(Table other)
        {
            _version = other._version;
            _fields = other._fields;
            Bytes = [.. other.Bytes];
        }

        public byte[] Bytes { get; }

        public IEnumerable<string> Names => _fields.Keys;

        public IEnumerable<string> Offsets => _fields.Where(f => f.Value.IsOffset).Select(f => f.Key);

        public ulong this[string name] => BinaryPrimitives.ReadUInt64LittleEndian(Bytes.AsSpan(_fields[name].At));

        public static string FieldsOf(string version) => version switch
        {
            "3.13" => DebugOffsetsFields.V313,
            "3.14" => DebugOffsetsFields.V314,
            _ => DebugOffsetsFields.V315,
        };

        public Table With(string name, ulong value)
        {
            var copy = new Table(this);
            copy.Set(name, value);
            return copy;
        }

        public DebugOffsets Parse() => DebugOffsets.Parse(Bytes, FieldsOf(_version));

        private void Set(string name, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Bytes.AsSpan(_fields[name].At), value);
    }
}

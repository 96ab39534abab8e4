using Kaa.Formats;
using Kaa.Formats.Dwarf;
using Kaa.Formats.Elf;

namespace Kaa.Tests.Unit.Formats.Dwarf;

/// <summary>What compilers at hand do not write, but others do; and what no compiler would.</summary>
public sealed class DwarfTypesTests
{
    private const int Sibling = 0x01;
    private const int Name = 0x03;
    private const int ByteSize = 0x0b;
    private const int UpperBound = 0x2f;
    private const int Count = 0x37;
    private const int Location = 0x38;
    private const int Declaration = 0x3c;
    private const int Type = 0x49;
    private const int Signature = 0x69;
    private const int StrOffsetsBase = 0x72;

    private const int Data1 = 0x0b;
    private const int Data4 = 0x06;
    private const int Data8 = 0x07;
    private const int InlineString = 0x08;
    private const int Udata = 0x0f;
    private const int Strp = 0x0e;
    private const int RefAddr = 0x10;
    private const int Ref4 = 0x13;
    private const int RefUdata = 0x15;
    private const int FlagPresent = 0x19;
    private const int ImplicitConst = 0x21;
    private const int RefSig8 = 0x20;
    private const int GnuRefAlt = 0x1f20;
    private const int GnuStrpAlt = 0x1f21;

    [Theory]
    [InlineData(0x1a)]
    [InlineData(0x25)]
    [InlineData(0x26)]
    [InlineData(0x27)]
    [InlineData(0x28)]
    public void Names_by_index_go_through_the_units_own_part_of_the_table(int form)
    {
        var builder = new DwarfBuilder();
        builder.StringOffsets("decoy", "decoy2", "decoy3");
        uint start = builder.StringOffsets("int", "wanted", "field");
        builder.Unit().Entry(0x11, true, (StrOffsetsBase, 0x17, start));
        ulong number = builder.Entry(DwarfBuilder.Base, false, (Name, form, 0), (ByteSize, Data1, 4));
        builder.Entry(DwarfBuilder.Struct, true, (Name, form, 1), (ByteSize, Data1, 16));
        builder.Entry(DwarfBuilder.Member, false, (Name, form, 2), (Type, Ref4, number), (Location, Data1, 12));
        using ElfFile file = builder.End().EndUnit().Open();
        OffsetOf(Find(file, "wanted"), "field").ShouldBe(12);
    }

    /// <summary>Found by fuzzing: the walk over anonymous members had no end.</summary>
    [Fact]
    public void A_struct_that_holds_itself_without_a_name_ends_where_it_begins_again()
    {
        var builder = new DwarfBuilder();
        builder.Unit().Entry(0x11, true, (Name, InlineString, "unit"));
        ulong self = builder.Here;
        builder.Entry(DwarfBuilder.Struct, true, (Name, InlineString, "wanted"), (ByteSize, Data1, 16));
        builder.Entry(DwarfBuilder.Member, false, (Type, Ref4, self), (Location, Data1, 8));
        using ElfFile file = builder.End().EndUnit().Open();
        DwarfTypes.Find(file, ["wanted"])["wanted"].TryOffset("nowhere", out _).ShouldBeFalse();
    }

    [Fact]
    public void Anonymous_structs_that_multiply_are_not_searched_without_end()
    {
        const int Levels = 40;
        var builder = new DwarfBuilder();
        builder.Unit().Entry(0x11, true, (Name, InlineString, "unit"));
        ulong inner = builder.Entry(DwarfBuilder.Struct, false, (Name, InlineString, "innermost"), (ByteSize, Data1, 16));
        for (int i = 1; i <= Levels; i++)
        {
            ulong outer = builder.Entry(DwarfBuilder.Struct, true, (Name, InlineString, i == Levels ? "wanted" : "level"), (ByteSize, Data1, 16));
            for (int twice = 0; twice < 2; twice++)
                builder.Entry(DwarfBuilder.Member, false, (Type, Ref4, inner), (Location, Data1, 0));
            builder.End();
            inner = outer;
        }

        using ElfFile file = builder.EndUnit().Open();
        DwarfTypes.Find(file, ["wanted"])["wanted"].TryOffset("nowhere", out _).ShouldBeFalse();
    }

    [Fact]
    public void Constants_and_references_of_every_form_are_read()
    {
        var builder = new DwarfBuilder { CodesGoDown = true };
        builder.Unit().Entry(0x11, true, (Name, 0x1e, 0));
        ulong number = builder.Entry(DwarfBuilder.Base, false, (Name, InlineString, "int"), (ByteSize, ImplicitConst, 4));
        builder.Entry(DwarfBuilder.Struct, true, (Name, -InlineString, "wanted"), (ByteSize, Udata, 300));
        builder.Entry(DwarfBuilder.Member, false, (Name, InlineString, "a"), (Type, RefUdata, number), (Location, ImplicitConst, 4));
        builder.Entry(DwarfBuilder.Member, false, (Name, Strp, builder.String("b")), (Type, 0x12, number), (Location, 0x0d, 70));
        builder.Entry(DwarfBuilder.Member, false, (Name, InlineString, "c"), (Type, 0x14, number), (Location, 0x18, new byte[] { 0x23, 0x88, 0x01 }));
        builder.Entry(DwarfBuilder.Member, false, (Name, InlineString, "d"), (Type, 0x11, number), (Location, 0x0a, new byte[] { 0x23, 0x20 }));
        using ElfFile file = builder.End().EndUnit().Open();
        StructLayout layout = Find(file, "wanted");
        layout.Size.ShouldBe(300);
        layout.Members.Select(member => (member.Name, member.Offset, member.Size)).ShouldBe([("a", 4, 4), ("b", 70, 4), ("c", 136, 4), ("d", 32, 4)]);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    [InlineData(5, true)]
    public void A_typedef_in_one_unit_finds_the_struct_in_another(ushort version, bool is64)
    {
        var builder = new DwarfBuilder();
        builder.Unit(version, is64, type: 3).Entry(0x3c, true);
        ulong number = builder.Entry(DwarfBuilder.Base, false, (Name, InlineString, "long"), (ByteSize, Data1, 8));
        ulong place = builder.Entry(DwarfBuilder.Struct, true, (ByteSize, Data1, 16));
        builder.Entry(DwarfBuilder.Member, false, (Name, InlineString, "x"), (Type, Ref4, number), (Location, Data1, 8));
        builder.End().EndUnit();
        builder.Unit(version, is64).Entry(0x11, true);
        ulong constant = builder.Entry(DwarfBuilder.Const, false, (Type, RefAddr, place));
        builder.Entry(DwarfBuilder.Typedef, false, (Name, InlineString, "wanted"), (Type, Ref4, constant));
        using ElfFile file = builder.EndUnit().Open();
        OffsetOf(Find(file, "wanted"), "x").ShouldBe(8);
    }

    [Fact]
    public void A_declaration_is_passed_over_until_a_unit_defines_it()
    {
        var builder = new DwarfBuilder();
        builder.Unit().Entry(0x11, true);
        ulong declared = builder.Entry(DwarfBuilder.Struct, false, (Name, InlineString, "_ts"), (Declaration, FlagPresent, 1));
        builder.Entry(DwarfBuilder.Typedef, false, (Name, InlineString, "PyThreadState"), (Type, Ref4, declared));
        builder.EndUnit().Raw(5, 0, 0, 0, 99, 0, 1, 2, 3).Unit().Entry(0x11, true);
        ulong defined = builder.Here;
        builder.Entry(DwarfBuilder.Struct, false, (Name, InlineString, "_ts"), (ByteSize, Data1, 24));
        builder.Entry(DwarfBuilder.Typedef, false, (Name, InlineString, "PyThreadState"), (Type, Ref4, defined));
        using ElfFile file = builder.EndUnit().Open();
        Find(file, "_ts").Size.ShouldBe(24);
        Find(file, "PyThreadState").Size.ShouldBe(24);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    public void A_type_unit_is_found_by_its_signature(ushort version, bool inTypes)
    {
        var builder = new DwarfBuilder();
        builder.Unit(version).Entry(0x11, true);
        ulong reference = builder.Entry(DwarfBuilder.Struct, false, (Declaration, FlagPresent, 1), (Signature, RefSig8, 0x1122334455667788ul));
        builder.Entry(DwarfBuilder.Typedef, false, (Name, InlineString, "wanted"), (Type, Ref4, reference));
        builder.Entry(DwarfBuilder.Struct, true, (Name, InlineString, "outer"), (ByteSize, Data1, 40));
        builder.Entry(DwarfBuilder.Member, false, (Name, InlineString, "in"), (Type, RefSig8, 0x1122334455667788ul), (Location, Data1, 8));
        builder.End().EndUnit();
        ulong typeOffset = inTypes ? 24ul : 25ul;
        builder.Unit(version, type: 2, signature: 0x1122334455667788ul, typeOffset: typeOffset, inTypes: inTypes).Entry(0x41, true);
        builder.Here.ShouldBe(typeOffset);
        builder.Entry(DwarfBuilder.Struct, false, (ByteSize, Data1, 32));
        using ElfFile file = builder.EndUnit().Open();
        Find(file, "wanted").Size.ShouldBe(32);
        Find(file, "outer").Members[0].Size.ShouldBe(32);
    }

    [Fact]
    public void What_lies_in_the_supplementary_file_is_found_with_it_and_unknown_without()
    {
        var alt = new DwarfBuilder();
        uint wanted = alt.String("wanted");
        uint field = alt.String("field");
        alt.Unit(4).Entry(0x3c, true);
        ulong number = alt.Entry(DwarfBuilder.Base, false, (Name, InlineString, "int"), (ByteSize, Data1, 4));
        alt.Entry(DwarfBuilder.Struct, false, (Name, InlineString, "common"), (ByteSize, Data1, 64));
        alt.EndUnit();
        var builder = new DwarfBuilder();
        builder.Unit(4).Entry(0x11, true);
        builder.Entry(DwarfBuilder.Struct, true, (Name, GnuStrpAlt, wanted), (ByteSize, Data1, 8));
        builder.Entry(DwarfBuilder.Member, false, (Name, GnuStrpAlt, field), (Type, GnuRefAlt, number), (Location, Data1, 4));
        builder.End().EndUnit();
        using ElfFile file = builder.Open();
        using ElfFile altFile = alt.Open();
        DwarfTypes.Find(file, ["wanted", "common"]).ShouldBeEmpty();
        IReadOnlyDictionary<string, StructLayout> found = DwarfTypes.Find(file, ["wanted", "common"], altFile);
        found["wanted"].TryMember("field", out MemberPlace place).ShouldBeTrue();
        place.ShouldBe(new MemberPlace(4, 4, 0, 0));
        found["common"].Size.ShouldBe(64);
    }

    [Fact]
    public void Entries_with_children_are_passed_over_with_and_without_siblings()
    {
        var builder = new DwarfBuilder();
        builder.Unit().Entry(0x11, true);
        builder.Entry(DwarfBuilder.Subprogram, true, (Name, InlineString, "f"));
        builder.Entry(DwarfBuilder.Struct, true, (Name, InlineString, "wanted"), (ByteSize, Data1, 1));
        builder.End().End();
        builder.Entry(DwarfBuilder.Subprogram, true, (Sibling, Ref4, builder.Here + 6));
        builder.End();
        builder.Entry(DwarfBuilder.Struct, true, (Sibling, Ref4, 0), (Name, InlineString, "decoy"), (ByteSize, Data1, 1));
        builder.End();
        builder.Entry(DwarfBuilder.Struct, false, (Name, InlineString, "wanted"), (ByteSize, Data1, 2));
        using ElfFile file = builder.EndUnit().Open();
        Find(file, "wanted").Size.ShouldBe(2);
    }

    [Theory]
    [InlineData(Count, Data1, 3, 12)]
    [InlineData(UpperBound, Data1, 255, 1024)]
    [InlineData(UpperBound, Data4, 0xffffffffL, 0)]
    [InlineData(UpperBound, 0x0d, -1L, 0)]
    [InlineData(Name, InlineString, null, 0)]
    public void An_array_has_as_many_elements_as_it_says(int attribute, int form, object? value, long size)
    {
        var builder = new DwarfBuilder();
        builder.Unit().Entry(0x11, true);
        ulong number = builder.Entry(DwarfBuilder.Base, false, (ByteSize, Data1, 4));
        ulong array = builder.Entry(DwarfBuilder.Array, true, (Type, Ref4, number));
        builder.Entry(DwarfBuilder.Subrange, false, (attribute, form, value ?? ""));
        builder.End();
        builder.Entry(DwarfBuilder.Struct, true, (Name, InlineString, "wanted"), (ByteSize, Data1, 1));
        builder.Entry(DwarfBuilder.Member, false, (Name, InlineString, "a"), (Type, Ref4, array), (Location, Data1, 0));
        using ElfFile file = builder.End().EndUnit().Open();
        StructMember member = Find(file, "wanted").Members[0];
        member.Size.ShouldBe(size);
        member.ElementSize.ShouldBe(4);
    }

    [Fact]
    public void Typedefs_in_a_circle_and_structs_inside_themselves_end()
    {
        var builder = new DwarfBuilder();
        builder.Unit().Entry(0x11, true);
        builder.Entry(DwarfBuilder.Typedef, false, (Name, InlineString, "circle"), (Type, Ref4, builder.Here));
        ulong self = builder.Entry(DwarfBuilder.Struct, true, (Name, InlineString, "self"), (ByteSize, Data1, 8));
        builder.Entry(DwarfBuilder.Member, false, (Name, InlineString, "me"), (Type, Ref4, self), (Location, Data1, 0));
        using ElfFile file = builder.End().EndUnit().Open();
        DwarfTypes.Find(file, ["circle"]).ShouldBeEmpty();
        Find(file, "self").TryOffset("me.me.me.me", out int offset).ShouldBeTrue();
        offset.ShouldBe(0);
    }

    [Fact]
    public void Types_that_nest_without_end_are_bad_data()
    {
        var builder = new DwarfBuilder();
        builder.Unit().Entry(0x11, true);
        ulong array = builder.Entry(DwarfBuilder.Array, false, (Type, Ref4, builder.Here));
        builder.Entry(DwarfBuilder.Struct, true, (Name, InlineString, "wanted"), (ByteSize, Data1, 8));
        builder.Entry(DwarfBuilder.Member, false, (Name, InlineString, "a"), (Type, Ref4, array), (Location, Data1, 0));
        using ElfFile file = builder.End().EndUnit().Open();
        Should.Throw<BadData>(() => DwarfTypes.Find(file, ["wanted"])).Rule.ShouldContain("deep");
    }

    [Fact]
    public void An_unknown_form_is_bad_data_that_names_it()
    {
        var builder = new DwarfBuilder();
        builder.Unit().Entry(0x11, true);
        builder.Entry(DwarfBuilder.Struct, false, (Name, Ref4, 0), (ByteSize, Data8, 1));
        byte[] bytes = builder.EndUnit().Build();
        bytes[bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[Name, Ref4, ByteSize, Data8, 0]) + 1] = 0x7f;
        using ElfFile file = ElfFile.Open(bytes);
        Should.Throw<BadData>(() => DwarfTypes.Find(file, ["wanted"])).Rule.ShouldContain("7f");
    }

    private static StructLayout Find(ElfFile file, string name) => DwarfTypes.Find(file, [name])[name];

    private static int OffsetOf(StructLayout layout, string path)
    {
        layout.TryOffset(path, out int offset).ShouldBeTrue();
        return offset;
    }
}

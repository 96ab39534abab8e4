using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Formats.ProcText;

public sealed class AuxiliaryVectorTests
{
    [Fact]
    public void Values_are_found_by_key_up_to_AT_NULL()
    {
        AuxiliaryVector vector = Parse(33, 0x7fff1000, 9, 0x401000, 23, 0, 0, 0, 11, 1000);
        vector[AuxiliaryKey.Vdso].ShouldBe(0x7fff1000ul);
        vector[AuxiliaryKey.Entry].ShouldBe(0x401000ul);
        vector[AuxiliaryKey.Secure].ShouldBe(0ul);
        vector[AuxiliaryKey.Uid].ShouldBeNull();
    }

    [Fact]
    public void A_vector_that_is_cut_before_AT_NULL_keeps_what_it_has() => Parse(9, 1)[AuxiliaryKey.Entry].ShouldBe(1ul);

    [Fact]
    public void Half_an_entry_is_bad_data() => Should.Throw<BadData>(() => Parse(9));

    [Fact]
    public void Far_too_many_entries_are_bad_data() => Should.Throw<BadData>(() => AuxiliaryVector.Parse(new byte[16 * (Limits.AuxiliaryEntries + 1)]));

    [Fact]
    public void This_very_process_is_read()
    {
        AuxiliaryVector vector = AuxiliaryVector.Parse(File.ReadAllBytes("/proc/self/auxv"));
        vector[AuxiliaryKey.PageSize].ShouldBe(4096ul);
        vector[AuxiliaryKey.ClockTicks].ShouldBe(100ul);
        vector[AuxiliaryKey.ProgramHeaderSize].ShouldBe(56ul);
    }

    private static AuxiliaryVector Parse(params ulong[] words) => AuxiliaryVector.Parse(MemoryMarshal.AsBytes<ulong>(words));
}

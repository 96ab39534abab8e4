using Kaa.Formats;

namespace Kaa.Tests.Unit;

public sealed class SpanReaderTests
{
    /// <summary>The examples of DWARF 5, tables 7.7 and 7.8.</summary>
    [Theory]
    [InlineData(2, new byte[] { 2 })]
    [InlineData(127, new byte[] { 0x7f })]
    [InlineData(128, new byte[] { 0x80, 1 })]
    [InlineData(12857, new byte[] { 0x39 + 0x80, 100 })]
    public void Unsigned_LEB128(ulong value, byte[] bytes) => new SpanReader(bytes, "test").Uleb().ShouldBe(value);

    [Theory]
    [InlineData(2, new byte[] { 2 })]
    [InlineData(-2, new byte[] { 0x7e })]
    [InlineData(127, new byte[] { 127 + 0x80, 0 })]
    [InlineData(-127, new byte[] { 1 + 0x80, 0x7f })]
    [InlineData(-129, new byte[] { 0x7f + 0x80, 0x7e })]
    public void Signed_LEB128(long value, byte[] bytes) => new SpanReader(bytes, "test").Sleb().ShouldBe(value);

    [Fact]
    public void A_number_without_an_end_is_bad_data()
    {
        byte[] endless = [0x80, 0x80, 0x80];
        Should.Throw<BadData>(() => new SpanReader(endless, "test").Uleb());
    }

    [Fact]
    public void A_string_without_an_end_is_bad_data() => Should.Throw<BadData>(() => new SpanReader("abc"u8, "test").CString().Length);

    [Fact]
    public void More_than_is_left_is_bad_data() => Should.Throw<BadData>(() => new SpanReader("abc"u8, "test").Take(ulong.MaxValue).Length);
}

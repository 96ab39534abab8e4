using Kaa.Formats.Words;

namespace Kaa.Tests.Unit.Formats.Words;

public sealed class WordCursorTests
{
    [Fact]
    public void Words_are_taken_one_after_the_other()
    {
        var cursor = new WordCursor("  ab_1<=ü2 ");
        cursor.FindWord().ShouldBeTrue();
        cursor.Place.ShouldBe(2);
        cursor.TakeAsciiName().ShouldBe("ab_1");
        cursor.TakeSign(["<=", "<"]).ShouldBe("<=");
        cursor.TakeAsciiName().ShouldBe("");
        cursor.TakeName().ShouldBe("ü2");
        cursor.TakeSign(["<=", "<"]).ShouldBeNull();
        cursor.FindWord().ShouldBeFalse();
        cursor.Peek.ShouldBe('\0');
    }

    [Theory]
    [InlineData("'a\\nb'c", "a\nb", 'c')]
    [InlineData("\"a\\\"b\"", "a\"b", '\0')]
    [InlineData("'\\d'", "\\d", '\0')]
    public void Of_escapes_those_are_taken_that_stand_for_something(string text, string quoted, char next)
    {
        var cursor = new WordCursor(text);
        cursor.TakeQuoted(behind => behind switch { 'n' => '\n', '"' => '"', _ => null }).ShouldBe(quoted);
        cursor.Peek.ShouldBe(next);
    }

    [Theory]
    [InlineData("'")]
    [InlineData("'a\\'")]
    public void A_text_without_its_end_is_none(string text) => new WordCursor(text).TakeQuoted(behind => behind).ShouldBeNull();

    [Theory]
    [InlineData("0", 0ul)]
    [InlineData("0755", 493ul)]
    [InlineData("0x1F", 31ul)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    [InlineData("01777777777777777777777", ulong.MaxValue)]
    public void Integers_are_those_of_C(string word, ulong value)
    {
        CInteger.TryParse(word, out ulong read).ShouldBeTrue();
        read.ShouldBe(value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("08")]
    [InlineData("0x")]
    [InlineData("1e3")]
    [InlineData("18446744073709551616")]
    [InlineData("02000000000000000000000")]
    public void What_is_no_integer_of_64_bits_is_none(string word) => CInteger.TryParse(word, out _).ShouldBeFalse();
}

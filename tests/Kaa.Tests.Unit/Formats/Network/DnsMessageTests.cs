using Kaa.Formats;
using Kaa.Formats.Network;

namespace Kaa.Tests.Unit.Formats.Network;

public sealed class DnsMessageTests
{
    private const ushort Id = 0x1234;

    private static readonly byte[] s_question = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, (byte)'a', 2, (byte)'b', (byte)'c', 0, 0, 1, 0, 1];

    [Fact]
    public void A_question_is_laid_out_as_the_RFC_has_it() => DnsMessage.Question("a.bc", DnsMessage.Address4, Id).ShouldBe(s_question);

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a..b")]
    [InlineData("ä")]
    [InlineData("a123456789012345678901234567890123456789012345678901234567890123")]
    public void Names_that_can_t_be_asked_for(string name) => DnsMessage.Question(name, DnsMessage.Address4, Id).ShouldBeNull();

    [Fact]
    public void Addresses_behind_an_alias_are_found()
    {
        byte[] answer =
        [
            0x12, 0x34, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0, .. s_question[12..],
            0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 4, 1, (byte)'x', 0xc0, 14,
            1, (byte)'x', 0xc0, 14, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 7,
        ];
        DnsMessage.Addresses(answer, DnsMessage.Address4, Id).ShouldHaveSingleItem().ShouldBe([10, 0, 0, 7]);
        DnsMessage.Addresses(answer, DnsMessage.Address6, Id).ShouldBeEmpty();
        for (int length = 0; length < answer.Length; length++)
            Should.Throw<BadData>(() => DnsMessage.Addresses(answer.AsSpan(0, length), DnsMessage.Address4, Id));
    }

    [Fact]
    public void A_name_that_there_is_not_has_no_address() =>
        DnsMessage.Addresses([0x12, 0x34, 0x81, 0x83, 0, 0, 0, 0, 0, 0, 0, 0], DnsMessage.Address4, Id).ShouldBeEmpty();

    [Fact]
    public void An_answer_to_another_question_is_none()
    {
        Should.Throw<BadData>(() => DnsMessage.Addresses([0x12, 0x35, 0x81, 0x80, 0, 0, 0, 0, 0, 0, 0, 0], DnsMessage.Address4, Id));
        Should.Throw<BadData>(() => DnsMessage.Addresses(s_question, DnsMessage.Address4, Id));
    }
}

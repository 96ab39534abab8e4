using Kaa.Python;
using Kaa.Python.Objects;

namespace Kaa.Tests.Unit.Python.Objects;

/// <summary>Against what interpreters print for <c>hash()</c> with <c>PYTHONHASHSEED=0</c>, where the secret is zero.</summary>
public sealed class StringHashTests
{
    [Theory]
    [InlineData(2, 7, "threading", 6130102134550154353)]
    [InlineData(2, 7, "_active", -5003915560599678486)]
    [InlineData(2, 7, "a", 12416037344)]
    [InlineData(2, 7, "abcdefgh", 8223078517288926000)]
    [InlineData(3, 6, "threading", -5426013259031524831)]
    [InlineData(3, 10, "_active", -5360198385244518320)]
    [InlineData(3, 10, "a", -7583489610679606711)]
    [InlineData(3, 10, "abcdefgh", -1847705707669741165)]
    [InlineData(3, 11, "threading", -217255072549013292)]
    [InlineData(3, 13, "_active", -8459328279367953207)]
    [InlineData(3, 13, "a", 4644417185603328019)]
    [InlineData(3, 13, "abcdefgh", 4574395652268504554)]
    public void Text_has_the_hash_that_the_interpreter_gives_it(int major, int minor, string text, long hash) =>
        new StringHash(new PythonVersion(major, minor), 0, 0).Of(text).ShouldBe(hash);

    [Fact]
    public void The_secret_counts()
    {
        // The reference's test vector for bytes 0 to 14 and a key of bytes 0 to 15, SipHash-2-4.
        string text = string.Concat(Enumerable.Range(0, 15).Select(i => (char)i));
        new StringHash(new PythonVersion(3, 8), 0x0706050403020100, 0x0f0e0d0c0b0a0908).Of(text).ShouldBe(unchecked((long)0xa129ca6149be45e5));
    }

    [Theory]
    [InlineData(2, 7)]
    [InlineData(3, 8)]
    [InlineData(3, 12)]
    public void The_empty_text_is_zero_and_what_is_not_ASCII_is_not_known(int major, int minor)
    {
        var hash = new StringHash(new PythonVersion(major, minor), 3, 4);
        hash.Of("").ShouldBe(0);
        hash.Of("é").ShouldBeNull();
    }
}

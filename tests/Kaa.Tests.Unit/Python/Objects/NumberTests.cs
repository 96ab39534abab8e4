using System.Globalization;
using System.Numerics;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Tests.Unit.Python.Objects;

public sealed class NumberTests
{
    private static readonly string[] s_numbers =
    [
        "0", "1", "-1", "1073741823", "1073741824", "-1152921504606846976", "9223372036854775808", "1267650600228229401496703205376",
    ];

    public static TheoryData<string, string> Numbers()
    {
        var data = new TheoryData<string, string>();
        foreach (string version in Layouts.All)
        {
            foreach (string number in s_numbers)
                data.Add(version, number);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Ints_of_any_size_are_read(string version, string number)
    {
        var world = new PyWorld(version);
        var value = BigInteger.Parse(number, CultureInfo.InvariantCulture);
        world.Objects.ReadInt(world.Int(value)).ShouldBe(value);
    }

    [Theory]
    [MemberData(nameof(Layouts.Every), MemberType = typeof(Layouts))]
    public void An_int_of_2_to_the_40_digits_is_said_to_be_too_large(string version)
    {
        var world = new PyWorld(version);
        Address number = world.Int(BigInteger.One << 100);
        world.Memory.Set(number, world.Layout.PyLongObject.size, 1L << (world.Layout.LongForm == LongForm.Tagged ? 43 : 40));
        long before = GC.GetAllocatedBytesForCurrentThread();
        world.Objects.ReadInt(number).ShouldBeNull();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(100_000);
        world.Print(number).Text!.ShouldStartWith("<int of up to ");
    }

    [Theory]
    [InlineData("3.11", long.MinValue)]
    [InlineData("3.11", long.MaxValue)]
    [InlineData("3.12", long.MaxValue - 1)]
    [InlineData("3.12", 0b1011)]
    public void A_sign_or_count_that_no_int_has_is_a_fault(string version, long size)
    {
        var world = new PyWorld(version);
        Address number = world.Int(7);
        world.Memory.Set(number, world.Layout.PyLongObject.size, size);
        Should.Throw<TargetFault>(() => world.Objects.ReadInt(number));
    }

    [Fact]
    public void A_number_beyond_64_bits_is_none_of_64()
    {
        var world = new PyWorld("3.13");
        Should.Throw<TargetFault>(() => world.Objects.ReadInt64(world.Int(BigInteger.One << 63)));
        world.Objects.ReadInt64(world.Int(-(BigInteger.One << 63))).ShouldBe(long.MinValue);
    }

    // What repr() gave for each.
    [Theory]
    [InlineData(0.0, "0.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(1.0, "1.0")]
    [InlineData(0.1, "0.1")]
    [InlineData(-2.25, "-2.25")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(123456789012345680.0, "1.2345678901234568e+17")]
    [InlineData(9007199254740993.0, "9007199254740992.0")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(1.5e-7, "1.5e-07")]
    [InlineData(1e300, "1e+300")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(1e22, "1e+22")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    [InlineData(double.PositiveInfinity, "inf")]
    [InlineData(double.NegativeInfinity, "-inf")]
    [InlineData(double.NaN, "nan")]
    public void Floats_print_as_repr_prints_them(double value, string text)
    {
        var world = new PyWorld("3.12");
        world.Print(world.Float(value)).Text.ShouldBe(text);
    }

    [Theory]
    [InlineData(0.0, 1.0, "1j")]
    [InlineData(1.0, 2.0, "(1+2j)")]
    [InlineData(-0.0, -1.0, "(-0-1j)")]
    [InlineData(1e20, -0.5, "(1e+20-0.5j)")]
    [InlineData(double.PositiveInfinity, double.NaN, "(inf+nanj)")]
    public void Complex_numbers_print_as_repr_prints_them(double real, double imaginary, string text)
    {
        var world = new PyWorld("3.12");
        ulong[] words = [BitConverter.DoubleToUInt64Bits(real), BitConverter.DoubleToUInt64Bits(imaginary)];
        world.Print(world.Instance("complex", words)).Text.ShouldBe(text);
    }

    [Fact]
    public void A_long_of_Python_2_ends_with_L()
    {
        var world = new PyWorld("2.7");
        world.Print(world.Int(5)).Text.ShouldBe("5");
        world.Print(world.Int(BigInteger.One << 64)).Text.ShouldBe("18446744073709551616L");
    }
}

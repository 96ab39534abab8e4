using System.Text.Json;
using Kaa.Python.Semantics;

namespace Kaa.Tests.Unit.Python.Semantics;

/// <summary>Against what the interpreters themselves say of their tables: vectors/generate.py.</summary>
public sealed class LineTableTests
{
    public static TheoryData<string> Versions => ["2.7", "3.6", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"];

    [Theory]
    [MemberData(nameof(Versions))]
    public void Every_instruction_has_the_line_that_the_interpreter_gives_it(string version)
    {
        ILineTable table = TableOf(version);
        foreach (JsonElement code in Vectors(version))
        {
            foreach ((int offset, JsonElement expected) in Expand(code, "lines", version == "2.7" ? 1 : 2))
            {
                int? line = expected.ValueKind == JsonValueKind.Null ? null : expected.GetInt32();
                Locate(table, code, offset).Line.ShouldBe(line, $"{version} {Name(code)} at {offset}");
            }
        }
    }

    [Theory]
    [InlineData("3.11")]
    [InlineData("3.12")]
    [InlineData("3.13")]
    [InlineData("3.14")]
    [InlineData("3.15")]
    public void Every_instruction_has_the_columns_that_the_interpreter_gives_it(string version)
    {
        foreach (JsonElement code in Vectors(version))
        {
            foreach ((int offset, JsonElement expected) in Expand(code, "positions", 2))
            {
                int?[] p = [.. expected.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.Null ? (int?)null : e.GetInt32())];
                Locate(TableOf(version), code, offset)
                    .ShouldBe(new CodeLocation(p[0], p[1], p[2], p[3]), $"{version} {Name(code)} at {offset}");
            }
        }
    }

    [Fact]
    public void An_instruction_behind_the_table_has_no_line()
    {
        LineTable310.Instance.Locate([2, 1], 5, 2).Line.ShouldBeNull();
        LocationTable311.Instance.Locate([0xe8, 2], 5, 2).Line.ShouldBeNull();
    }

    [Fact]
    public void A_table_that_is_cut_off_gives_no_line_rather_than_a_wrong_one()
    {
        LocationTable311.Instance.Locate([0xf0, 0x40], 5, 0).ShouldBe(default);
        LocationTable311.Instance.Locate([0xd0, 0x01], 5, 0).ShouldBe(default);
        LocationTable311.Instance.Locate([0x80], 5, 0).ShouldBe(default);
        LocationTable311.Instance.Locate([], 5, 0).ShouldBe(default);
    }

    [Fact]
    public void A_varint_that_never_ends_is_given_up()
    {
        byte[] table = [0xe8, .. Enumerable.Repeat((byte)0xff, 100)];
        LocationTable311.Instance.Locate(table, 5, 0).ShouldBe(default);
    }

    private static CodeLocation Locate(ILineTable table, JsonElement code, int offset) =>
        table.Locate(Convert.FromHexString(code.GetProperty("table").GetString()!), code.GetProperty("firstLine").GetInt32(), offset);

    private static string? Name(JsonElement code) => code.GetProperty("name").GetString();

    private static ILineTable TableOf(string version) => version switch
    {
        "2.7" => LineNumberTable.Unsigned,
        "3.6" or "3.8" or "3.9" => LineNumberTable.Signed,
        "3.10" => LineTable310.Instance,
        _ => LocationTable311.Instance,
    };

    /// <summary>The vectors hold an entry where the value changes.</summary>
    private static IEnumerable<(int Offset, JsonElement Value)> Expand(JsonElement code, string property, int step)
    {
        int size = code.GetProperty("size").GetInt32();
        List<JsonElement> changes = [.. code.GetProperty(property).EnumerateArray()];
        for (int i = 0; i < changes.Count; i++)
        {
            int end = i + 1 < changes.Count ? changes[i + 1][0].GetInt32() : size;
            for (int offset = changes[i][0].GetInt32(); offset < end; offset = offset < 0 ? 0 : offset + step)
                yield return (offset, changes[i][1]);
        }
    }

    private static List<JsonElement> Vectors(string version)
    {
        string name = $"lines-{version}.json";
        using Stream stream = typeof(LineTableTests).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not part of the test assembly");
        List<JsonElement> codes = [.. JsonDocument.Parse(stream).RootElement.EnumerateArray()];
        codes.ShouldNotBeEmpty();
        return codes;
    }
}

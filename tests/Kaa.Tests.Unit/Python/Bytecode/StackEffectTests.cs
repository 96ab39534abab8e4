using System.Text.Json;
using Kaa.Python;
using Kaa.Python.Bytecode;

namespace Kaa.Tests.Unit.Python.Bytecode;

/// <summary>Against what the interpreters themselves say of their instructions: vectors of eng/opcode-tables.</summary>
public sealed class StackEffectTests
{
    /// <summary>Told by BlockFlow, or (PRECALL, CALL of 3.11) counted at another instruction than where it happens.</summary>
    private static readonly HashSet<string> Elsewhere =
    [
        "SETUP_LOOP", "SETUP_EXCEPT", "SETUP_FINALLY", "SETUP_WITH", "SETUP_ASYNC_WITH", "BEGIN_FINALLY", "CALL_FINALLY", "END_FINALLY", "POP_FINALLY",
        "WITH_CLEANUP_START", "WITH_CLEANUP_FINISH", "POP_BLOCK",
    ];

    /// <summary>Instructions that hide another one.</summary>
    private static readonly HashSet<string> Opaque =
        ["ENTER_EXECUTOR", "RESERVED", "TRACE_RECORD", "INSTRUMENTED_LINE", "INSTRUMENTED_INSTRUCTION", "EXTENDED_ARG"];

    public static TheoryData<string> Versions => ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"];

    [Theory]
    [MemberData(nameof(Versions))]
    public void Every_instruction_changes_the_stack_as_the_interpreter_says(string version)
    {
        using JsonDocument vectors = Vectors(version);
        OpcodeSet set = Set(version);
        int[] arguments = [.. vectors.RootElement.GetProperty("args").EnumerateArray().Select(argument => argument.GetInt32())];
        int compared = 0;
        foreach (JsonProperty one in vectors.RootElement.GetProperty("effects").EnumerateObject())
        {
            if (Elsewhere.Contains(one.Name) || Opaque.Contains(one.Name) || IsCountedElsewhere(set, one.Name))
                continue;
            Op op = set.Decode(Number(vectors, one.Name));
            foreach (bool jump in new[] { false, true })
            {
                JsonElement row = one.Value[jump ? 1 : 0];
                for (int i = 0; i < arguments.Length; i++)
                {
                    JsonElement expected = row.ValueKind == JsonValueKind.Array ? row[Math.Min(i, row.GetArrayLength() - 1)] : row;
                    if (expected.ValueKind != JsonValueKind.Number || !KnowsJump(set, one.Name, jump))
                        continue;
                    StackEffect.Of(op, arguments[i], jump, set.Release).ShouldBe(expected.GetInt32(), $"{version} {one.Name} {arguments[i]} {jump}");
                    compared++;
                }
            }
        }

        compared.ShouldBeGreaterThan(1000);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Every_jump_is_known_as_one(string version)
    {
        using JsonDocument vectors = Vectors(version);
        OpcodeSet set = Set(version);
        string[] relative = [.. vectors.RootElement.GetProperty("relative").EnumerateArray().Select(name => name.GetString()!)];
        string[] absolute = [.. vectors.RootElement.GetProperty("absolute").EnumerateArray().Select(name => name.GetString()!)];
        foreach (JsonProperty one in vectors.RootElement.GetProperty("numbers").EnumerateObject())
        {
            // END_ASYNC_FOR says since 3.14 where its loop began, and does not go there; an instrumented form is counted with what it stands for.
            if (one.Name.Contains("END_ASYNC_FOR", StringComparison.Ordinal) || one.Name.StartsWith("INSTRUMENTED_", StringComparison.Ordinal))
                continue;
            JumpKind expected = absolute.Contains(one.Name) ? JumpKind.Absolute
                : !relative.Contains(one.Name) ? JumpKind.None
                : one.Name.Contains("BACKWARD", StringComparison.Ordinal) ? JumpKind.Backward : JumpKind.Forward;
            Jumps.Of(set.Decode(one.Value.GetByte()), set.Release).ShouldBe(expected, $"{version} {one.Name}");
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Every_number_and_inline_cache_is_the_interpreters(string version)
    {
        using JsonDocument vectors = Vectors(version);
        OpcodeSet set = Set(version);
        JsonElement caches = vectors.RootElement.GetProperty("caches");
        foreach (JsonProperty one in vectors.RootElement.GetProperty("numbers").EnumerateObject())
        {
            Op op = set.Decode(one.Value.GetByte());
            string name = one.Name.Replace('+', '_');
            if (!Opaque.Contains(name))
                name = name.Replace("INSTRUMENTED_", "", StringComparison.Ordinal);
            op.ToString().ShouldBe(name);
            set.CacheOf(op).ShouldBe(caches.TryGetProperty(name, out JsonElement cache) ? cache.GetInt32() : 0, $"{version} {name}");
        }
    }

    [Fact]
    public void A_version_that_is_not_known_has_no_opcodes() => OpcodeSet.For(new PythonVersion(3, 99)).ShouldBeNull();

    private static bool IsCountedElsewhere(OpcodeSet set, string name) => name switch
    {
        "PRECALL" or "CALL" => set.Release == 311,
        // compile.c of 3.6 says 0, as it counts blocks otherwise (bpo-24340).
        "POP_EXCEPT" => set.Release == 306,
        _ => name.StartsWith("INSTRUMENTED_", StringComparison.Ordinal),
    };

    /// <summary>Up to 3.7 dis gives the larger of the two ways.</summary>
    private static bool KnowsJump(OpcodeSet set, string name, bool jump) =>
        set.Release >= 308 || (name == "FOR_ITER" ? !jump : name is not ("JUMP_IF_FALSE_OR_POP" or "JUMP_IF_TRUE_OR_POP") || jump);

    private static byte Number(JsonDocument vectors, string name) => vectors.RootElement.GetProperty("numbers").GetProperty(name).GetByte();

    private static OpcodeSet Set(string version)
    {
        string[] parts = version.Split('.');
        return OpcodeSet.For(new PythonVersion(int.Parse(parts[0]), int.Parse(parts[1])))!;
    }

    private static JsonDocument Vectors(string version) =>
        JsonDocument.Parse(typeof(StackEffectTests).Assembly.GetManifestResourceStream($"effects-{version}.json")!);
}

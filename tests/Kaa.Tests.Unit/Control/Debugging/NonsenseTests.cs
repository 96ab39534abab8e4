using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Memory;
using Kaa.Control.Debugging.Values;
using Kaa.Control.Debugging.Words;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Tests.Unit.Control.Debugging;

/// <summary>Whatever is typed, and whatever lies in memory, ends in an answer or in words for a person.</summary>
public sealed class NonsenseTests
{
    private static readonly string[] s_pieces =
    [
        "1", "0x10", "07", "9999999999999999999999", "$rdi", "$", "$$", "$x", "$1", "'a'", "\"t\"", "(", ")", "[", "]", "*", "&", "->", ".", "@", "=", "==", "<<", ">>", "+", "-", "/", "%", "~", "!", "|", "^",
        "int", "char", "long", "unsigned", "void", "PyVarObject", "sizeof", "read", "environ", "{", "}", ",", "1.5", " ", "next", "ob_size", "\\", "\u20ac", "\0",
    ];

    [Fact]
    public void Expressions()
    {
        var random = new Random(20_261);
        var scope = new FakeScope { Known = new Kaa.Python.Inspection.PyStruct("PyVarObject", [new("ob_size", 4, 4, Kaa.Python.Inspection.StructFieldKind.Signed), new("next", 8, 8, Kaa.Python.Inspection.StructFieldKind.Pointer, "PyVarObject")]) };
        scope.Registers["rdi"] = new DataValue(DataType.Long, 0x1000) { Register = "rdi" };
        scope.Symbols["read"] = new DataValue(DataType.Code, 0, new Address(0x1000)) { Symbol = "read" };
        scope.Symbols["environ"] = new DataValue(DataType.Data, 0, new Address(0x1008)) { Symbol = "environ" };
        scope.Bytes.Add(0x1000, [.. Enumerable.Range(0, 64).Select(i => (byte)(i % 16 == 9 ? 0x10 : 0))]);
        int answers = 0;
        for (int i = 0; i < 100_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => s_pieces[random.Next(s_pieces.Length)]));
            try
            {
                ExpressionReader.Evaluate(text, scope);
                answers++;
            }
            catch (UserError error)
            {
                error.Message.ShouldNotBeEmpty();
            }
        }

        answers.ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public void Lines()
    {
        var table = new CommandTable();
        ReadingWords.AddTo(table);
        var random = new Random(7);
        const string Letters = "abcdefghilnprstuxy-/ 0123!$.";
        for (int i = 0; i < 50_000; i++)
        {
            string line = string.Concat(Enumerable.Range(0, random.Next(1, 16)).Select(_ => Letters[random.Next(Letters.Length)]));
            try
            {
                table.Find(line, out string argument);
                line.ShouldEndWith(argument, customMessage: line);
            }
            catch (UserError error)
            {
                error.Message.ShouldNotBeEmpty();
            }
            catch (ShouldAssertException) when (line != line.Trim())
            {
                // Blanks at the end are not part of the argument.
            }

            table.Complete(line, out int start);
            start.ShouldBeInRange(0, line.Length);
        }
    }

    [Fact]
    public void Code()
    {
        var random = new Random(3);
        byte[] bytes = new byte[64 << 10];
        random.NextBytes(bytes);
        FakeMemory memory = new FakeMemory().Add(new Address(0x1000), bytes);
        foreach (bool intel in new[] { false, true })
        {
            int length = 0;
            foreach (DisassembledInstruction one in new Disassembly(memory, _ => "name", intel).From(new Address(0x1000)))
            {
                one.Text.ShouldNotBeEmpty();
                one.Bytes.Length.ShouldBeInRange(1, 15);
                length += one.Bytes.Length;
                if (length >= bytes.Length)
                    break;
            }

            length.ShouldBe(bytes.Length);
        }
    }
}

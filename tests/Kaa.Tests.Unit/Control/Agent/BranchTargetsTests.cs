using Kaa.Control.Agent.Code;
using Shouldly;
using Xunit;

namespace Kaa.Tests.Unit.Control.Agent;

public class BranchTargetsTests
{
    /// <summary>However the bytes lie beside those that are looked at together.</summary>
    [Fact]
    public void All_that_looks_like_a_near_branch_is_found_wherever_it_lies()
    {
        var random = new Random(7);
        byte[] common = [0xe8, 0xe9, 0x0f, 0x80, 0x8f, 0x85, 0x90, 0x00, 0xea, 0x70];
        int branches = 0;
        for (int round = 0; round < 4000; round++)
        {
            byte[] code = new byte[random.Next(90)];
            for (int i = 0; i < code.Length; i++)
                code[i] = round % 2 == 0 ? common[random.Next(common.Length)] : (byte)random.Next(256);
            List<int> expected = [];
            for (int operand = 1; operand + 4 <= code.Length; operand++)
            {
                byte opcode = code[operand - 1];
                if (opcode is 0xe8 or 0xe9 || (opcode is >= 0x80 and <= 0x8f && operand >= 2 && code[operand - 2] == 0x0f))
                    expected.Add(operand);
            }

            List<int> found = [];
            for (int place = BranchTargets.FindBranch(code, 1); place >= 0; place = BranchTargets.FindBranch(code, place + 1))
                found.Add(place);
            found.ShouldBe(expected);
            branches += found.Count;
        }

        branches.ShouldBeGreaterThan(10_000);
    }
}

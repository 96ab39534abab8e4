using Kaa.Control.Agent;
using Kaa.Control.Agent.Code;
using Kaa.Formats;

namespace Kaa.Tests.Unit.Control.Agent;

/// <summary>Which bytes are taken over from a function, and what becomes of them.</summary>
public sealed class DisplacementTests
{
    private static readonly Address Function = new(0x40_0000);
    private static readonly Address Place = new(0x40_8000);
    private static readonly Address Back = new(0x40_7000);

    // Each line: the function; how many bytes are taken; what is made of them at Place, with the jump back in front of which nothing is left out.
    [Theory]
    [InlineData("554889e553c3", 5, "554889e553")] // push rbp; mov rbp, rsp; push rbx
    [InlineData("f30f1efa31c0c3", 6, "f30f1efa31c0")] // endbr64; xor eax, eax
    [InlineData("85ff7803ffc7c3", 6, "85ff0f88ff7fffffffc7")] // test edi, edi; js +3; inc edi
    [InlineData("85ff0f88aa000000c3", 8, "85ff0f88aa80ffff")] // test; js near
    [InlineData("803d1000000000c3", 7, "803d1080ffff00")] // cmp byte [rip+0x10], 0
    [InlineData("488b0510000000c3", 7, "488b051080ffff")] // mov rax, [rip+0x10]
    [InlineData("e8fb000000c3", 5, "e8fb80ffff")] // call
    public void Instructions_do_the_same_elsewhere(string code, int length, string expected)
    {
        FakeMemory memory = Memory(code);
        Displacement displaced = Displacement.Find(memory, Function, (Function, Function + code.Length / 2), 5, out HookRefusal? refusal)!;
        refusal.ShouldBeNull();
        displaced.Length.ShouldBe(length);
        var offsets = new List<(int From, int To)>();
        byte[] moved = Relocator.TryWrite(displaced, Place, Back, offsets, out refusal)!;
        byte[] wanted = Convert.FromHexString(expected.Replace(" ", "", StringComparison.Ordinal));
        moved[..wanted.Length].ShouldBe(wanted);
        moved[wanted.Length..(wanted.Length + 2)].ShouldBe([0xff, 0x25]);
        (Place + moved.Length + BitConverter.ToInt32(moved, wanted.Length + 2)).ShouldBe(Back);
        offsets[0].ShouldBe((0, 0));
    }

    [Theory]
    [InlineData("e9fb000000", "e9fb80ffff")] // jmp near
    [InlineData("31c0c3909090", "31c0c3")] // xor eax, eax; ret; nops
    [InlineData("31c0c3660f1f440000", "31c0c3")] // … and one long nop
    [InlineData("ff25100000009090", "ff251080ffff")] // jmp [rip+0x10]
    [InlineData("c3cccccccccc", "c3")]
    public void A_function_that_ends_needs_no_way_back(string code, string expected)
    {
        Displacement displaced = Displacement.Find(Memory(code), Function, null, 5, out HookRefusal? refusal)!;
        refusal.ShouldBeNull();
        Relocator.TryWrite(displaced, Place, Back, [], out _).ShouldBe(Convert.FromHexString(expected));
    }

    [Theory]
    [InlineData("c34889e5", "too-short")]
    [InlineData("31c0c3554889e5", "too-short")]
    [InlineData("31c0ffcf7ffcc3", "branch-target")] // xor; dec edi; jg to the dec
    [InlineData("4889e59090ebfb", "branch-target")] // … from behind the displaced bytes
    [InlineData("89f9e2fec39090", "not-relocatable")] // loop
    [InlineData("89f9e3fec39090", "not-relocatable")] // jrcxz
    [InlineData("ffd683c001c3", "not-relocatable")] // call rsi; add
    [InlineData("0f0b90909090", "not-relocatable")] // ud2
    [InlineData("cc9090909090", "occupied")]
    [InlineData("0606060606", "undecodable")]
    public void What_can_not_be_taken_over_is_refused(string code, string refused)
    {
        Displacement.Find(Memory(code), Function, (Function, Function + code.Length / 2), 5, out HookRefusal? refusal).ShouldBeNull();
        refusal!.Code.ShouldBe(refused);
    }

    [Fact]
    public void In_the_middle_of_a_function_a_jump_by_table_may_lead_anywhere()
    {
        FakeMemory memory = Memory("5548 89e5 4889c7 4889c6 ffe0 c3");
        Displacement.Find(memory, Function + 4, (Function, Function + 13), 5, out HookRefusal? refusal).ShouldBeNull();
        refusal!.Code.ShouldBe("branch-target");
        Displacement.Find(memory, Function, (Function, Function + 13), 5, out refusal).ShouldNotBeNull();
    }

    [Theory]
    [InlineData(0x1000, 0x1000, 8)]
    [InlineData(0x1003, 0x1000, 8)]
    [InlineData(0x1004, 0x1004, 5)]
    [InlineData(0x1ffb, 0x1ff8, 8)]
    public void A_jump_is_written_as_one_aligned_word_where_that_holds_it(ulong address, ulong word, int size) =>
        CodeBytes.PlaceOf(new Address(address)).ShouldBe((new Address(word), size));

    [Fact]
    public void A_jump_that_lies_in_two_pages_has_no_place() => CodeBytes.PlaceOf(new Address(0x1ffc)).ShouldBeNull();

    [Fact]
    public void A_piece_is_near_enough_or_has_no_jump()
    {
        IslandPiece.Jump(Function, Place)!.ShouldBe([0xe9, 0x1b, 0x80, 0, 0]);
        IslandPiece.Jump(Function, new Address(0x7fff_0000_0000)).ShouldBeNull();
    }

    private static FakeMemory Memory(string code) => new FakeMemory().Add(Function, [.. Convert.FromHexString(code.Replace(" ", "", StringComparison.Ordinal))]);
}

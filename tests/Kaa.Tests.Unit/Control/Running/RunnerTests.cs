using System.Buffers.Binary;
using System.Text;
using Kaa.Formats;
using Kaa.Linux.Registers;
using Kaa.Python.Running;

namespace Kaa.Tests.Unit.Control.Running;

/// <summary>What is written into a process for a run, and how a thread gets back from it.</summary>
public sealed class RunnerTests
{
    private static readonly Address Region = new(0x7f0000000000);

    [Fact]
    public void A_signal_frame_holds_registers_mask_and_extended_state()
    {
        byte[] state = new byte[2440];
        BinaryPrimitives.WriteUInt64LittleEndian(state.AsSpan(464), 0x60207); // XCR0, with the tiles of AMX
        state[600] = 0x5a;
        var registers = new X64Registers { Rip = 0x1234, Rsp = 0x5678, Rax = 1, R15 = 15, Cs = 0x33, Ss = 0x2b };
        Address place = X64Runner.FrameOf(Region, 0);
        byte[] frame = X64SignalFrame.Build(place, registers, 0xabcd, state);
        Word(frame, 40 + 16 * 8).ShouldBe(0x1234ul);
        Word(frame, 40 + 15 * 8).ShouldBe(0x5678ul);
        Word(frame, 40 + 18 * 8).ShouldBe(0x2b_0000_0000_0033ul);
        Word(frame, 0x128).ShouldBe(0xabcdul);
        ulong at = Word(frame, 40 + 184);
        (at % 64).ShouldBe(0ul);
        int offset = (int)(at - place.Value);
        frame[offset + 600].ShouldBe((byte)0x5a);
        BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(offset + 464)).ShouldBe(0x46505853u);
        Word(frame, offset + 472).ShouldBe(0x207ul);
        BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(offset + 2440)).ShouldBe(0x46505845u);
        frame.Length.ShouldBeLessThanOrEqualTo(X64Runner.FrameRoom);
    }

    [Fact]
    public void A_thread_begins_on_its_own_stack_below_the_red_zone()
    {
        var stopped = new X64Registers { Rip = 0x1000, Rsp = 0x7ffc_0000_0123, OriginalRax = 230, Flags = 0x400 };
        X64Registers start = X64Runner.Start(Region, 0, stopped);
        (start.Rsp % 16).ShouldBe(0ul);
        (stopped.Rsp - start.Rsp).ShouldBeGreaterThan(128ul);
        start.OriginalRax.ShouldBe(ulong.MaxValue);
        start.Rip.ShouldBe(Region.Value);
        X64Runner.Contains(Region, start.Rip).ShouldBeTrue();
        X64Runner.IsParked(Region, start).ShouldBeFalse();
    }

    [Theory]
    [InlineData(-516, 202, 0ul, 202ul)] // a futex whose deadline is absolute, or that CPython tries again
    [InlineData(-516, 219, 0ul, 219ul)] // only the kernel knows what it was
    [InlineData(-514, 270, 0ul, 270ul)]
    [InlineData(-4, 232, 0ul, 232ul)] // epoll_wait, whose EINTR is ours
    public void A_call_that_was_cut_short_is_made_again(long result, ulong number, ulong rsi, ulong made)
    {
        var stopped = new X64Registers { Rip = 0x1002, Rax = unchecked((ulong)result), OriginalRax = number, Rsi = rsi };
        X64Registers again = SyscallRestart.MadeAgain(stopped);
        again.Rax.ShouldBe(made);
        again.Rip.ShouldBe(0x1000ul);
        again.OriginalRax.ShouldBe(ulong.MaxValue);
    }

    [Fact]
    public void A_sleep_goes_on_with_what_was_left_of_it()
    {
        var stopped = new X64Registers { Rip = 0x1002, Rax = unchecked((ulong)-516L), OriginalRax = 35, Rdi = 0x100, Rsi = 0x200 };
        SyscallRestart.MadeAgain(stopped).Rdi.ShouldBe(0x200ul);
    }

    [Fact]
    public void An_input_names_its_flags_and_its_file_in_front_of_the_source()
    {
        byte[] input = RunSource.Input("x\n"u8, "a\nb.py", inMain: true, session: false, last: true);
        Encoding.UTF8.GetString(input).ShouldBe("mq\na?b.py\nx\n");
        Encoding.UTF8.GetString(RunSource.Script(99, 7, 8, "1-2", input)).ShouldContain("modules['posix'].getpid() == 99 and Kaa(modules, 7, 8, '1-2', b'\\x6d\\x71\\x0a");
        Encoding.UTF8.GetByteCount(RunSource.First(7, 8, "1-2")).ShouldBeLessThan(X64Runner.SourceSize);
    }

    private static ulong Word(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(offset));
}

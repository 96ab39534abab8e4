using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Kaa.Control.Agent;
using Kaa.Control.Memory;
using Kaa.Linux.Memory;
using Kaa.Linux.Proc;

namespace Kaa.Tests.Unit.Control.Memory;

/// <summary>The ring, written to as the agent does (agent/allocations.c, kaa_tell).</summary>
public sealed class AllocationRingTests : IDisposable
{
    private const int Shift = 18;
    private const ulong Units = 1 << Shift;
    private const ulong Slack = 4096;
    private const ulong Ring = 4096;
    private const ulong LongSize = 0xffffff;

    private readonly FileStream _file = new(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 1, FileOptions.DeleteOnClose);
    private readonly SharedMapping _mapping;
    private readonly AgentMemory _memory;
    private volatile bool _isOver;

    public AllocationRingTests()
    {
        long length = (long)Ring + (long)Units * Unsafe.SizeOf<AgentAllocation>();
        _file.SetLength(length);
        _mapping = SharedMapping.OfDescriptor(ProcRoot.System, Environment.ProcessId, _file.SafeFileHandle.DangerousGetHandle(), (int)length)!;
        _memory = new AgentMemory(_mapping, null!, default);
    }

    public void Dispose()
    {
        _memory.Dispose();
        _file.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(32_760)] // laps are counted from 1 again on the way
    public void What_several_threads_write_is_read_once_and_in_order(int laps)
    {
        const int Writers = 2, Events = 1_500_000;
        AllocationRing ring = Open((ulong)laps << Shift);
        Thread[] threads = [.. Enumerable.Range(0, Writers).Select(writer => new Thread(() => Write(writer, Events)))];
        ulong[] next = new ulong[Writers];
        int wrong = 0;
        foreach (Thread thread in threads)
            thread.Start();
        for (int turn = 0; next.Any(each => each < Events) && wrong == 0; turn++)
        {
            long units = ring.Drain((in AgentAllocation made, in AgentAllocation rest) =>
            {
                ulong value = made.IsLong ? rest.RestOfSize : made.Size, expected = next[made.Thread]++;
                wrong += value == expected && made.IsLong == IsLong(expected) ? 0 : 1;
            });
            if (units == 0 || turn % 64 == 0)
                Thread.Sleep(5); // now and then the ring fills up far beyond what is usual
        }

        _isOver = true;
        foreach (Thread thread in threads)
            thread.Join();
        (wrong, ring.Torn).ShouldBe((0, 0));
    }

    [Fact]
    public void Most_of_the_ring_is_left_alone_while_it_is_read_in_time()
    {
        const int AtOnce = 1000;
        AllocationRing ring = Open(0);
        long units = 0;
        for (int turn = 0; turn < 1000; turn++)
        {
            for (int i = 0; i < AtOnce; i++)
                Tell(0, 1);
            units += ring.Drain((in AgentAllocation _, in AgentAllocation _) => { });
        }

        units.ShouldBe(1000 * AtOnce);
        MemoryMarshal.Cast<AgentAllocation, ulong>(Places[(AllocationRing.Usual + AtOnce)..]).ContainsAnyExcept(0ul).ShouldBeFalse();
    }

    [Fact]
    public void What_is_not_finished_yet_is_waited_for_as_long_as_there_is_room()
    {
        AllocationRing ring = Open(0);
        List<ulong> sizes = [];
        ulong hole = Take(1);
        Tell(0, 7);
        ring.Drain(Read).ShouldBe(0);
        Put(hole, 1, 6 << 24);
        ring.Drain(Read).ShouldBe(2);
        sizes.ShouldBe([6ul, 7ul]);

        _ = Take(1);
        for (ulong i = 0; i < Units / 2; i++)
            Tell(0, 8);
        SpinWait.SpinUntil(() => ring.Drain(Read) > 0, TimeSpan.FromSeconds(4)).ShouldBeTrue();
        (sizes.Count, ring.Torn).ShouldBe((2 + (int)Units / 2, 1));

        void Read(in AgentAllocation made, in AgentAllocation rest) => sizes.Add(made.Size);
    }

    [Fact]
    public void At_the_end_what_was_never_finished_is_passed_over()
    {
        AllocationRing ring = Open(0);
        List<ulong> sizes = [];
        _ = Take(1);
        Tell(0, 7);
        ring.Finish((in AgentAllocation made, in AgentAllocation _) => sizes.Add(made.Size), isGone: true);
        sizes.ShouldBe([7ul]);
        ring.Torn.ShouldBe(1);
    }

    private AllocationRing Open(ulong position)
    {
        _memory.WriteWord(AreaWords.Head, position);
        _memory.WriteWord(AreaWords.Tail, position);
        return new AllocationRing(_memory, new AgentMemoryArea { ring = Ring, ring_units = Units, ring_shift = Shift }, 0);
    }

    private Span<AgentAllocation> Places => MemoryMarshal.Cast<byte, AgentAllocation>(_memory.Map(Ring, Units * (ulong)Unsafe.SizeOf<AgentAllocation>()));

    private static bool IsLong(ulong value) => value % 1000 == 0;

    private void Write(int writer, int count)
    {
        for (ulong value = 0; value < (ulong)count && !_isOver; value++)
        {
            while (_memory.ReadWord(AreaWords.Tail) is var tail && _memory.ReadWord(AreaWords.Head) - tail + Slack > Units && !_isOver)
                Thread.Yield();
            Tell(writer, value);
        }
    }

    private void Tell(int writer, ulong value)
    {
        ulong what = 1ul | (ulong)writer << 9;
        if (!IsLong(value))
        {
            Put(Take(1), what, value << 24);
            return;
        }

        ulong position = Take(2);
        Put(position + 1, value << 4 | (ulong)AgentMemoryOp.Rest, 0);
        Put(position, what, LongSize << 24);
    }

    private ulong Take(ulong units) => Interlocked.Add(ref MemoryMarshal.Cast<byte, ulong>(_memory.Map(AreaWords.Head, sizeof(ulong)))[0], units) - units;

    private void Put(ulong position, ulong what, ulong more)
    {
        ref AgentAllocation place = ref Places[(int)(position & (Units - 1))];
        place.what = what;
        Volatile.Write(ref place.more, more | (position >> Shift & 0x7fff | 0x8000) << 48);
    }
}

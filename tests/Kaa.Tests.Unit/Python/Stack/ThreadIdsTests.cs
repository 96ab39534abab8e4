using Kaa.Formats;
using Kaa.Python.Stack;

namespace Kaa.Tests.Unit.Python.Stack;

public sealed class ThreadIdsTests
{
    private static readonly Dictionary<int, int> s_tids = new() { [1] = 4001, [2] = 4002, [3] = 4003 };

    [Theory]
    [InlineData(0x2d0)]
    [InlineData(0x30)]
    [InlineData(0x1a4)]
    public void The_place_of_the_tid_is_learned_from_the_threads_themselves(int offset)
    {
        (FakeMemory memory, ulong[] pthreads) = Pthreads(offset, 1, 2, 3);
        var ids = new ThreadIds();
        ids.Learn(memory, pthreads, s_tids);
        ids.Find(memory, 0, pthreads[2], s_tids).ShouldBe(4003);
    }

    [Fact]
    public void A_place_at_which_two_threads_have_the_same_tid_is_not_the_one()
    {
        // struct pthread of old C libraries has the pid beside the tid: the same number in every thread.
        (FakeMemory memory, ulong[] pthreads) = Pthreads(0x2d0, 1, 1, 1);
        var ids = new ThreadIds();
        ids.Learn(memory, pthreads, s_tids);
        ids.Find(memory, 0, pthreads[1], s_tids).ShouldBeNull();
    }

    [Fact]
    public void A_thread_that_has_just_ended_does_not_hinder_learning()
    {
        (FakeMemory memory, ulong[] pthreads) = Pthreads(0x2d0, 1, 0, 3);
        var ids = new ThreadIds();
        ids.Learn(memory, pthreads, s_tids);
        ids.Find(memory, 0, pthreads[0], s_tids).ShouldBe(4001);
        ids.Find(memory, 0, pthreads[1], s_tids).ShouldBeNull();
    }

    [Fact]
    public void Nor_does_a_first_thread_that_has_left_only_one_behind()
    {
        (FakeMemory memory, ulong[] pthreads) = Pthreads(0x2d0, 0, 2);
        var ids = new ThreadIds();
        ids.Learn(memory, pthreads, s_tids);
        ids.Find(memory, 0, pthreads[0], s_tids).ShouldBeNull();
        ids.Find(memory, 0, pthreads[1], s_tids).ShouldBe(4002);
    }

    [Fact]
    public void The_thread_states_own_number_counts_where_the_process_has_such_a_thread()
    {
        var ids = new ThreadIds();
        ids.Find(new FakeMemory(), 2, 0x5000, s_tids).ShouldBe(4002);
        ids.Find(new FakeMemory(), 9, 0x5000, s_tids).ShouldBeNull();
    }

    [Fact]
    public void Unreadable_or_foreign_pthreads_give_no_tid()
    {
        var ids = new ThreadIds();
        ids.Learn(new FakeMemory(), [0x5000, ulong.MaxValue - 4], s_tids);
        ids.Find(new FakeMemory(), 0, 0x5000, s_tids).ShouldBeNull();
    }

    private static (FakeMemory Memory, ulong[] Pthreads) Pthreads(int offset, params int[] tids)
    {
        var memory = new FakeMemory();
        ulong[] pthreads = new ulong[tids.Length];
        for (int i = 0; i < tids.Length; i++)
        {
            byte[] pthread = new byte[0x900];
            BitConverter.TryWriteBytes(pthread.AsSpan(offset), tids[i]);
            pthreads[i] = 0x10000ul * (ulong)(i + 1);
            memory.Add(pthreads[i], pthread);
        }

        return (memory, pthreads);
    }
}

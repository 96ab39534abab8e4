using Kaa.Formats;
using Kaa.Python.Stack;
using Kaa.Target.Unwind;

namespace Kaa.Python.Native;

/// <summary>Which C frame runs each Python frame.</summary>
internal static class FramePlaces
{
    /// <summary>No C frame was found that runs it.</summary>
    public const int Nowhere = -1;

    /// <summary>Six registers are saved where a function begins.</summary>
    private const int SavedRegisters = 8 * 8;

    /// <summary>
    /// 3.11 and later: by the variable of the eval function that each frame names. Indices of C frames, one for each Python frame, innermost first.
    /// </summary>
    public static int[] ByAddress(IReadOnlyList<RawFrame> python, IReadOnlyList<UnwoundFrame> native)
    {
        var places = new int[python.Count];
        (Address[] starts, int[] order) = ByStackPointer(native);
        Address last = Address.Null;
        int place = Nowhere;
        for (int i = 0; i < places.Length; i++)
        {
            Address mark = python[i].EvalFrame;
            if (mark != last || i == 0)
                place = mark.IsNull ? Nowhere : Holder(mark, native, starts, order);
            last = mark;
            places[i] = place;
        }

        return InOrder(places);
    }

    /// <summary>
    /// Up to 3.10: one call of the eval function for each. Where there are more or fewer of them, those belong together whose C frame, or
    /// whose registers saved by the frames inside of it, hold the address of the Python frame.
    /// </summary>
    /// <param name="evals">Indices of the eval function's frames, innermost first.</param>
    public static int[] ByCalls(IReadOnlyList<RawFrame> python, IReadOnlyList<UnwoundFrame> native, List<int> evals, CapturedStack stack)
    {
        var places = new int[python.Count];
        Array.Fill(places, Nowhere);
        int call = 0;
        int frame = 0;
        while (call < evals.Count && frame < places.Length)
        {
            bool restFits = evals.Count - call == places.Length - frame;
            if (restFits || Holds(python[frame], call))
                places[frame++] = evals[call++];
            else if (call + 1 < evals.Count && Holds(python[frame], call + 1))
                call++;
            else if (frame + 1 < places.Length && Holds(python[frame + 1], call))
                frame++;
            else
                call++;
        }

        return places;

        bool Holds(RawFrame wanted, int index)
        {
            Address from = index == 0 ? stack.Start : native[evals[index - 1]].Cfa - SavedRegisters;
            return stack.Holds(wanted.Address.Value, from, native[evals[index]].Cfa);
        }
    }

    /// <summary>
    /// Up to 3.10, where no symbol names the eval function: the function of which each frame holds the address of the Python frame that it would
    /// run. Null address where none does for most of them.
    /// </summary>
    public static Address EvalRange(IReadOnlyList<RawFrame> python, IReadOnlyList<UnwoundFrame> native, CapturedStack stack)
    {
        var calls = new Dictionary<Address, List<int>>();
        for (int i = 0; i < native.Count; i++)
        {
            if (native[i].Range.IsNull)
                continue;
            if (!calls.TryGetValue(native[i].Range, out List<int>? indices))
                calls.Add(native[i].Range, indices = []);
            indices.Add(i);
        }

        foreach ((Address range, List<int> indices) in calls)
        {
            if (indices.Count != python.Count)
                continue;
            int held = 0;
            for (int i = 0; i < indices.Count; i++)
            {
                Address from = i == 0 ? stack.Start : native[indices[i - 1]].Cfa - SavedRegisters;
                held += stack.Holds(python[i].Address.Value, from, native[indices[i]].Cfa) ? 1 : 0;
            }

            if (held * 2 > python.Count)
                return range;
        }

        return Address.Null;
    }

    private static (Address[] Starts, int[] Order) ByStackPointer(IReadOnlyList<UnwoundFrame> native)
    {
        var starts = new Address[native.Count];
        var order = new int[native.Count];
        for (int i = 0; i < order.Length; i++)
            (starts[i], order[i]) = (native[i].StackPointer, i);
        Array.Sort(starts, order);
        return (starts, order);
    }

    private static int Holder(Address mark, IReadOnlyList<UnwoundFrame> native, Address[] starts, int[] order)
    {
        int found = Array.BinarySearch(starts, mark);
        found = found < 0 ? ~found - 1 : found;
        return found >= 0 && mark < native[order[found]].Cfa ? order[found] : Nowhere;
    }

    /// <summary>A frame that would lie inside of one that it called is nowhere.</summary>
    private static int[] InOrder(int[] places)
    {
        int outermost = 0;
        for (int i = 0; i < places.Length; i++)
        {
            if (places[i] < outermost)
                places[i] = Nowhere;
            else
                outermost = places[i];
        }

        return places;
    }
}

using System.Buffers.Binary;
using Kaa.Formats;
using Kaa.Formats.Cfi;
using Kaa.Target;
using Kaa.Target.Unwind;

namespace Kaa.Python.Native;

/// <summary>
/// Where the code of the eval function lies, for versions in which each Python frame is run by a C call of its own (up to 3.10). Compilers
/// put what runs seldom into a part of its own (.cold), which is known by the jumps that lead there.
/// </summary>
/// <param name="interpreter">The module that it is sought in; of the same target.</param>
public sealed class EvalFunction(Module? interpreter, ObservedTarget target, IUnwindSource rules)
{
    // CPython 3.6 moved the loop from PyEval_EvalFrameEx to _PyEval_EvalFrameDefault (PEP 523). Both are exported.
    private static readonly string[] s_names = ["_PyEval_EvalFrameDefault", "PyEval_EvalFrameEx"];

    private const int DefinedFrame = 8;

    private readonly Dictionary<Address, bool> _parts = [];
    private Address[]? _jumps;
    private UnwindRow? _row;
    private bool _sought;

    /// <summary>The range that unwind rules name for it; null address where no symbol tells where it is.</summary>
    public Address Range => Row?.Start ?? Address.Null;

    /// <summary>True for a range of code that is a part of the eval function which its jumps lead to.</summary>
    public bool HasPart(Address range)
    {
        if (range.IsNull || Row is not { } main || target.Modules.Find(range) != interpreter)
            return false;
        if (!_parts.TryGetValue(range, out bool isPart))
            _parts.Add(range, isPart = IsPart(main, range));
        return isPart;
    }

    private UnwindRow? Row
    {
        get
        {
            if (!_sought)
                _row = Find();
            _sought = true;
            return _row;
        }
    }

    private UnwindRow? Find()
    {
        if (interpreter is null)
            return null;
        foreach (string name in s_names)
        {
            if (target.Images.For(interpreter).FindSymbol(name) is { } address)
                return FindRow(address);
        }

        return null;
    }

    private UnwindRow? FindRow(Address address)
    {
        try
        {
            return rules.RowsFor(address)?.Find(address);
        }
        catch (BadData)
        {
            return null;
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            return null;
        }
    }

    private bool IsPart(UnwindRow main, Address range)
    {
        // A function begins with nothing but the return address on its stack; a part of one begins in the midst.
        if (FindRow(range) is not { } row || (row.CfaRegister == Kaa.Target.Arch.X64Registers.Rsp && row.CfaOffset == DefinedFrame))
            return false;
        int first = Array.BinarySearch(_jumps ??= Jumps(main), range);
        first = first < 0 ? ~first : first;
        return first < _jumps.Length && _jumps[first] < row.End;
    }

    /// <summary>
    /// Where near jumps (0f 8x, e9) lead that leave the function, in order. Bytes in the midst of instructions are taken for jumps too: they hit
    /// another part of the same module by accident only, and a part is asked for that holds a return address.
    /// </summary>
    private Address[] Jumps(UnwindRow main)
    {
        byte[] code = new byte[Math.Clamp(main.End - main.Start, 0, Limits.FunctionText)];
        int length = target.Constants.Read(main.Start, code);
        var targets = new HashSet<Address>();
        for (int i = 0; i + 6 <= length; i++)
        {
            bool conditional = code[i] == 0x0f && (code[i + 1] & 0xf0) == 0x80;
            if (!conditional && code[i] != 0xe9)
                continue;
            int operand = i + (conditional ? 2 : 1);
            Address to = main.Start + (operand + 4) + BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(operand));
            if (to < main.Start || to >= main.End)
                targets.Add(to);
        }

        Address[] sorted = [.. targets];
        Array.Sort(sorted);
        return sorted;
    }
}

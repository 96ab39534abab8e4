using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Semantics;

namespace Kaa.Python.Stack;

/// <summary>Reads code objects once each; serves one look, or with <see cref="Round"/> many.</summary>
internal sealed class CodeReader(PyObjects objects, PyLayout layout, PySemantics semantics)
{
    private const int MaxExtent = 1024;

    private readonly Dictionary<Address, PyCode> _codes = [];
    private readonly CodeLayout _layout = layout.Code;

    /// <summary>
    /// Counts up where time has passed since the last read: what was read before is then compared with what is there now. 0 for a reader that serves one
    /// look only.
    /// </summary>
    public int Round { get; set; }

    /// <exception cref="TargetFault">No code object lies there: the frame that named it is torn.</exception>
    public PyCode Read(Address address)
    {
        if (_codes.TryGetValue(address, out PyCode? known) && IsStillThere(known))
            return known;
        if (_layout.Extent > MaxExtent)
            throw TargetFault.Nonsense(address, "code object of unlikely size");
        Span<byte> bytes = stackalloc byte[MaxExtent];
        bytes = bytes[.._layout.Extent];
        objects.Memory.ReadExactly(address, bytes);
        PyType type = objects.Type(((ReadOnlySpan<byte>)bytes).AddressAt(objects.Layout.PyObject.ob_type));
        // A class of Python's may be called "code" too; PyCode_Type is static and can't be derived from.
        if (type.IsHeapType || (type.Name != "code" && !(type.Name == PyType.Nameless && HasShapeOfCode(type))))
            throw TargetFault.Nonsense(address, "no code object");
        PyCode code = Decode(address, bytes);
        if (Round > 0)
        {
            code.Proof = CodeProof.Of(address, bytes, _layout, objects.Layout, objects.Memory);
            code.ProvedIn = Round;
            if (_codes.Count >= Limits.KeptCodes)
                _codes.Clear();
        }

        _codes[address] = code;
        return code;
    }

    private bool IsStillThere(PyCode code)
    {
        if (code.ProvedIn == Round)
            return true;
        if (code.Proof is not { IsWhole: true } proof || !proof.Holds(objects.Memory))
            return false;
        code.ProvedIn = Round;
        return true;
    }

    /// <summary>Since 3.11 the bytecode follows the object, in units of two bytes; no other type of the interpreter's is so.</summary>
    private bool HasShapeOfCode(PyType type) => _layout.co_code_adaptive != Offset.Absent
        ? type.BasicSize == _layout.co_code_adaptive && type.ItemSize == 2
        : type.BasicSize >= _layout.Extent && type.BasicSize < 2 * _layout.Extent && type.ItemSize == 0;

    private PyCode Decode(Address address, ReadOnlySpan<byte> bytes)
    {
        string? unreadable = null;
        string? name = Text(bytes, _layout.co_name, "name", ref unreadable);
        string? qualifiedName = _layout.co_qualname == Offset.Absent ? null : Text(bytes, _layout.co_qualname, "qualified name", ref unreadable);
        string? file = Text(bytes, _layout.co_filename, "file name", ref unreadable);
        byte[]? lines = Lines(bytes.AddressAt(_layout.co_linetable), ref unreadable);
        return new PyCode(semantics.LineTable, lines)
        {
            Address = address,
            Name = name,
            NameObject = name is null ? Address.Null : bytes.AddressAt(_layout.co_name),
            QualifiedName = qualifiedName,
            File = file,
            FirstLine = bytes.Int32At(_layout.co_firstlineno),
            Flags = (CodeFlags)bytes.Int32At(_layout.co_flags),
            StackSize = bytes.Int32At(_layout.co_stacksize),
            LocalsPlusCount = Number(bytes, _layout.co_nlocalsplus),
            Bytecode = _layout.co_code_adaptive != Offset.Absent ? address + _layout.co_code_adaptive : bytes.AddressAt(_layout.co_code),
            Length = _layout.co_code_adaptive != Offset.Absent ? Length(bytes.PointerAt(objects.Layout.ob_size)) : 0,
            FirstTraceable = unchecked(Number(bytes, _layout._co_firsttraceable) * 2),
            ThreadLocalBytecode = _layout.co_tlbc == Offset.Absent ? Address.Null : bytes.AddressAt(_layout.co_tlbc),
            Unreadable = unreadable,
        };
    }

    /// <summary>In bytes, from code units; nonsense is no length.</summary>
    private static int Length(ulong units) => units <= Limits.CodeTable / 2 ? (int)units * 2 : 0;

    private static int Number(ReadOnlySpan<byte> bytes, int offset) => offset == Offset.Absent ? 0 : bytes.Int32At(offset);

    private string? Text(ReadOnlySpan<byte> bytes, int offset, string what, ref string? unreadable)
    {
        try
        {
            return objects.ReadString(bytes.AddressAt(offset), Limits.CodeName);
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            unreadable ??= what + ": " + fault.Message;
            return null;
        }
    }

    private byte[]? Lines(Address table, ref string? unreadable)
    {
        try
        {
            long size = objects.TypeOf(table).Has(TypeFlags.BytesSubclass) ? objects.Size(table) : throw TargetFault.Nonsense(table, "no bytes");
            return size <= Limits.CodeTable
                ? objects.ReadRaw(table + objects.Layout.ob_sval, size, Limits.CodeTable)
                : throw TargetFault.Nonsense(table, "line table of unlikely size");
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            unreadable ??= "lines: " + fault.Message;
            return null;
        }
    }
}

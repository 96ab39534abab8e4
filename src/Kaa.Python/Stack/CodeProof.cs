using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Stack;

/// <summary>
/// Tells whether a code object that was read a while ago is still the one at its address, by what it was read from: the pointers in it, and the beginnings of
/// what they lead to. Code that is made, run and freed in a loop gets the same address each time, and so do its names and tables.
/// </summary>
internal sealed class CodeProof
{
    private const int MostBytes = 256;

    private readonly List<Part> _parts = [];

    /// <summary>What is proved by nothing is not believed: false where a part could not be read.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>Notes what lies there now; not the reference counts in front of <c>ob_type</c>.</summary>
    public void AddObject(IMemory memory, Address instance, int head, long length)
    {
        if (!instance.IsNull)
            Add(memory, instance + head, (int)Math.Min(length, MostBytes));
    }

    public void Add(IMemory memory, Address address, int length)
    {
        byte[] bytes = new byte[length];
        if (memory.TryReadExactly(address, bytes))
            _parts.Add(new Part(address, bytes));
        else
            IsWhole = false;
    }

    public bool Holds(IMemory memory)
    {
        Span<byte> now = stackalloc byte[MostBytes];
        foreach (Part part in _parts)
        {
            Span<byte> bytes = now[..part.Bytes.Length];
            if (!memory.TryReadExactly(part.Address, bytes) || !bytes.SequenceEqual(part.Bytes))
                return false;
        }

        return true;
    }

    /// <summary>Notes all that a code object's name and lines are read from.</summary>
    public static CodeProof Of(Address code, ReadOnlySpan<byte> bytes, CodeLayout layout, ObjectLayout objects, IMemory memory)
    {
        var proof = new CodeProof();
        int head = objects.PyObject.ob_type;
        proof.Add(memory, code + layout.co_firstlineno, sizeof(int));
        ReadOnlySpan<int> references = [layout.co_name, layout.co_filename, layout.co_qualname, layout.co_linetable];
        foreach (int reference in references)
        {
            if (reference == Offset.Absent)
                continue;
            proof.Add(memory, code + reference, sizeof(ulong));
            Address instance = bytes.AddressAt(reference);

            // Up to 2.7 names are bytes too.
            bool isText = reference != layout.co_linetable && objects.UnicodeForm != UnicodeForm.PyUnicodeArray;
            int length = isText ? objects.PyUnicodeObject.length : objects.ob_size;
            int front = isText ? objects.PyUnicodeObject.ascii_size : objects.ob_sval;
            if (!instance.IsNull && memory.TryRead(instance + length, out long size) && size >= 0)
                proof.AddObject(memory, instance, head, front - head + Math.Min(size, MostBytes));
        }

        return proof;
    }

    private readonly record struct Part(Address Address, byte[] Bytes);
}

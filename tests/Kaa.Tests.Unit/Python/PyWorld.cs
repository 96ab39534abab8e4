using System.Buffers.Binary;
using System.Text;
using Kaa.Formats;
using Kaa.Python;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Semantics;
using Kaa.Python.Stack;

namespace Kaa.Tests.Unit.Python;

/// <summary>Hand-made memory of a Python process: types, strings, code, frames, threads and interpreters as one version lays them out.</summary>
internal sealed class PyWorld : IMemory
{
    private const ulong Start = 0x7f00_0000_0000;

    private readonly byte[] _arena = new byte[1 << 20];
    private readonly Address _type;
    private int _used = 64;

    public PyWorld(int major, int minor, bool freeThreaded = false)
    {
        Version = CPythonVersions.Find(major, minor)!;
        Layout = Version.Layout(freeThreaded ? 32 : 16);
        ObjectLayout = ObjectLayout.For(new PythonVersion(major, minor), new BuildFlavour(false, false, freeThreaded));
        _type = Allocate(ObjectLayout.PyTypeObject.size);
        MakeType(_type, "type", TypeFlags.TypeSubclass);
        StrType = Type("str", major == 2 ? TypeFlags.BytesSubclass : TypeFlags.UnicodeSubclass);
        BytesType = major == 2 ? StrType : Type("bytes", TypeFlags.BytesSubclass);
        CodeType = Type("code");
        FrameType = Type("frame");
    }

    public CPythonVersion Version { get; }

    public PyLayout Layout { get; private set; }

    public ObjectLayout ObjectLayout { get; }

    public Address StrType { get; }

    public Address BytesType { get; }

    public Address CodeType { get; }

    public Address FrameType { get; }

    public int Reads { get; private set; }

    /// <summary>The same memory, laid out otherwise from now on.</summary>
    public PyWorld With(PyLayout layout)
    {
        Layout = layout;
        return this;
    }

    public PyObjects Objects() => new(this, ObjectLayout);

    public FrameChain Chain() => FrameChain.For(Objects(), Layout, Version.Semantics);

    public int Read(Address address, Span<byte> buffer)
    {
        Reads++;
        if (address.Value < Start || address.Value >= Start + (ulong)_arena.Length)
            return 0;
        int offset = (int)(address.Value - Start);
        int count = Math.Min(buffer.Length, _arena.Length - offset);
        _arena.AsSpan(offset, count).CopyTo(buffer);
        return count;
    }

    public Address Allocate(int size)
    {
        int at = _used;
        _used += (size + 15) & ~15;
        return new Address(Start + (ulong)at);
    }

    public void Put(Address address, Address value) => Put(address, value.Value);

    public void Put(Address address, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(At(address), value);

    public void Put(Address address, int value) => BinaryPrimitives.WriteInt32LittleEndian(At(address), value);

    public void PutByte(Address address, byte value) => At(address)[0] = value;

    public void PutBytes(Address address, ReadOnlySpan<byte> value) => value.CopyTo(At(address));

    public Address Type(string name, TypeFlags flags = 0)
    {
        Address type = Allocate(ObjectLayout.PyTypeObject.size);
        MakeType(type, name, flags);
        return type;
    }

    public Address Object(Address type, int size)
    {
        Address instance = Allocate(size);
        Put(instance + ObjectLayout.PyObject.ob_type, type);
        return instance;
    }

    public Address Bytes(ReadOnlySpan<byte> content)
    {
        Address bytes = Object(BytesType, ObjectLayout.ob_sval + content.Length + 1);
        Put(bytes + ObjectLayout.ob_size, (ulong)content.Length);
        PutBytes(bytes + ObjectLayout.ob_sval, content);
        return bytes;
    }

    /// <summary>Compact ASCII; 2.7: a str.</summary>
    public Address Str(string text)
    {
        if (ObjectLayout.Version.Major == 2)
            return Bytes(Encoding.ASCII.GetBytes(text));
        PyUnicodeFields f = ObjectLayout.PyUnicodeObject;
        Address str = Object(StrType, f.ascii_size + text.Length + 1);
        Put(str + f.length, (ulong)text.Length);
        Put(str + f.state, (1 | 8 | 16) << f.kind_shift);
        PutBytes(str + f.ascii_size, Encoding.ASCII.GetBytes(text));
        return str;
    }

    /// <summary>A code object of 100 code units whose first instruction is traceable.</summary>
    public Address Code(string name, int firstLine, ReadOnlySpan<byte> lines)
    {
        CodeLayout c = Layout.Code;
        Address code = Object(CodeType, c.Extent + 256);
        Put(code + c.co_name, Str(name));
        Put(code + c.co_filename, Str("/app/" + name + ".py"));
        Put(code + c.co_linetable, Bytes(lines));
        Put(code + c.co_firstlineno, firstLine);
        if (c.co_qualname != Offset.Absent)
            Put(code + c.co_qualname, Str("Q." + name));
        if (c.co_code_adaptive != Offset.Absent)
            Put(code + ObjectLayout.ob_size, 100ul);
        return code;
    }

    /// <summary>A <c>_PyInterpreterFrame</c>; <paramref name="instruction"/> is a byte offset.</summary>
    public Address Frame(Address code, Address previous, int instruction, byte owner = 0, Address at = default)
    {
        FrameLayout f = Layout.Frame;
        Address frame = at.IsNull ? Allocate(f.localsplus + 64) : at;
        Put(frame + f.f_executable, code);
        Put(frame + f.previous, previous);
        Put(frame + f.instr_ptr, code + (Layout.Code.co_code_adaptive + instruction));
        PutByte(frame + f.owner, owner);
        return frame;
    }

    /// <summary>A <c>PyFrameObject</c> (up to 3.10).</summary>
    public Address FrameObject(Address code, Address back, int lasti)
    {
        FrameObjectLayout f = Layout.FrameObject;
        Address frame = Object(FrameType, f.f_localsplus + 64);
        Put(frame + f.f_code, code);
        Put(frame + f.f_back, back);
        Put(frame + f.f_lasti, lasti);
        return frame;
    }

    /// <summary>A thread state whose innermost frame is that one.</summary>
    public Address Thread(Address interpreter, Address frame, ulong ident = 0, Address next = default)
    {
        ThreadStateLayout t = Layout.Thread;
        Address thread = Allocate(1024);
        Put(thread + t.interp, interpreter);
        Put(thread + t.next, next);
        Put(thread + t.thread_id, ident);
        if (t.frame != Offset.Absent)
            Put(thread + t.frame, frame);
        else if (t.current_frame != Offset.Absent)
            Put(thread + t.current_frame, frame);
        else
            Put(thread + t.cframe, CFrame(frame, Address.Null));
        return thread;
    }

    public Address CFrame(Address frame, Address previous)
    {
        Address cframe = Allocate(32);
        Put(cframe + Layout.CFrame.current_frame, frame);
        Put(cframe + Layout.CFrame.previous, previous);
        return cframe;
    }

    /// <summary>The bytes of a thread state, as walkers take them.</summary>
    public byte[] ThreadBytes(Address frame)
    {
        byte[] bytes = new byte[Layout.Thread.Extent];
        Read(Thread(Address.Null, frame), bytes);
        return bytes;
    }

    private void MakeType(Address type, string name, TypeFlags flags)
    {
        PyTypeFields f = ObjectLayout.PyTypeObject;
        Address text = Allocate(name.Length + 1);
        PutBytes(text, Encoding.ASCII.GetBytes(name));
        Put(type + ObjectLayout.PyObject.ob_type, _type);
        Put(type + f.tp_name, text);
        Put(type + f.tp_basicsize, 64ul);
        Put(type + f.tp_flags, (ulong)flags);
    }

    private Span<byte> At(Address address) => _arena.AsSpan((int)(address.Value - Start));
}

using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Kaa.Formats.Cores;

/// <summary>Writes the notes of a core as the kernel does (fs/binfmt_elf.c, include/linux/elfcore.h); sizes are those of x86-64.</summary>
public sealed class CoreNoteWriter
{
    // include/uapi/linux/elf.h
    private const uint PrStatus = 1;
    private const uint PrFpReg = 2;
    private const uint PrPsInfo = 3;
    private const uint Auxiliary = 6;
    private const uint XState = 0x202;
    private const uint File = 0x46494c45;
    private const uint SigInfo = 0x53494749;

    private const int PrStatusSize = 336;
    private const int RegistersOffset = 112;
    private const int FloatingPointOffset = 328;
    private const int PrPsInfoSize = 136;
    private const int PageSize = 4096;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    /// <summary>NT_PRSTATUS, and after it what belongs to the same thread: <see cref="Float"/>, <see cref="Extended"/>, <see cref="Signal"/>.</summary>
    /// <param name="registers">As PTRACE_GETREGSET gives NT_PRSTATUS: 27 words.</param>
    public void Thread(CoreWriterThread thread, CoreWriterProcess process, ReadOnlySpan<byte> registers, bool hasFloat)
    {
        Span<byte> note = stackalloc byte[PrStatusSize];
        note.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(note, thread.Signal);
        BinaryPrimitives.WriteInt16LittleEndian(note[12..], (short)thread.Signal);
        BinaryPrimitives.WriteUInt64LittleEndian(note[16..], thread.PendingSignals);
        BinaryPrimitives.WriteUInt64LittleEndian(note[24..], thread.BlockedSignals);
        BinaryPrimitives.WriteInt32LittleEndian(note[32..], thread.Tid);
        BinaryPrimitives.WriteInt32LittleEndian(note[36..], process.ParentPid);
        BinaryPrimitives.WriteInt32LittleEndian(note[40..], process.Group);
        BinaryPrimitives.WriteInt32LittleEndian(note[44..], process.Session);
        registers[..Math.Min(registers.Length, FloatingPointOffset - RegistersOffset)].CopyTo(note[RegistersOffset..]);
        BinaryPrimitives.WriteInt32LittleEndian(note[FloatingPointOffset..], hasFloat ? 1 : 0);
        Add("CORE", PrStatus, note);
    }

    public void Float(ReadOnlySpan<byte> registers) => Add("CORE", PrFpReg, registers);

    public void Extended(ReadOnlySpan<byte> registers) => Add("LINUX", XState, registers);

    /// <param name="information">siginfo_t, 128 bytes.</param>
    public void Signal(ReadOnlySpan<byte> information) => Add("CORE", SigInfo, information);

    public void AuxiliaryVector(ReadOnlySpan<byte> vector) => Add("CORE", Auxiliary, vector);

    /// <summary>NT_PRPSINFO.</summary>
    public void Process(CoreWriterProcess process)
    {
        Span<byte> note = stackalloc byte[PrPsInfoSize];
        note.Clear();
        note[0] = (byte)Math.Max("RSDTtZ".IndexOf(process.State, StringComparison.Ordinal), 0);
        note[1] = (byte)process.State;
        note[2] = process.State == 'Z' ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt64LittleEndian(note[8..], process.Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(note[16..], process.User);
        BinaryPrimitives.WriteUInt32LittleEndian(note[20..], process.UserGroup);
        BinaryPrimitives.WriteInt32LittleEndian(note[24..], process.Pid);
        BinaryPrimitives.WriteInt32LittleEndian(note[28..], process.ParentPid);
        BinaryPrimitives.WriteInt32LittleEndian(note[32..], process.Group);
        BinaryPrimitives.WriteInt32LittleEndian(note[36..], process.Session);
        Text(process.Name, note.Slice(40, 16));
        Text(string.Join(' ', process.Command), note.Slice(56, 80));
        Add("CORE", PrPsInfo, note);
    }

    /// <summary>NT_FILE; ranges ascend.</summary>
    public void Files(IReadOnlyList<CoreFileMapping> files)
    {
        using var content = new MemoryStream();
        Span<byte> word = stackalloc byte[8];
        Word(content, word, (ulong)files.Count);
        Word(content, word, PageSize);
        foreach (CoreFileMapping file in files)
        {
            Word(content, word, file.Start.Value);
            Word(content, word, file.End.Value);
            Word(content, word, file.Offset / PageSize);
        }

        foreach (CoreFileMapping file in files)
        {
            content.Write(Encoding.UTF8.GetBytes(file.Path));
            content.WriteByte(0);
        }

        Add("CORE", File, content.GetBuffer().AsSpan(0, (int)content.Length));
    }

    public void Add(string name, uint type, ReadOnlySpan<byte> content)
    {
        Span<byte> header = stackalloc byte[12];
        byte[] text = Encoding.ASCII.GetBytes(name + "\0");
        BinaryPrimitives.WriteInt32LittleEndian(header, text.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], type);
        _bytes.Write(header);
        _bytes.Write(text);
        Pad();
        _bytes.Write(content);
        Pad();
    }

    /// <summary>To 4 bytes, as the kernel pads names and contents.</summary>
    private void Pad()
    {
        while (_bytes.WrittenCount % 4 != 0)
            _bytes.Write([(byte)0]);
    }

    private static void Word(Stream content, Span<byte> word, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(word, value);
        content.Write(word);
    }

    /// <summary>Cut so that a NUL remains.</summary>
    private static void Text(string text, Span<byte> field)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        bytes.AsSpan(0, Math.Min(bytes.Length, field.Length - 1)).CopyTo(field);
    }
}

/// <param name="Signal">What it was stopped by; 0 for nothing.</param>
public sealed record CoreWriterThread(int Tid, int Signal, ulong PendingSignals, ulong BlockedSignals);

/// <param name="State">As in <see cref="ProcText.ProcessStat.State"/>.</param>
/// <param name="Flags">PF_… bits.</param>
public sealed record CoreWriterProcess(
    int Pid, int ParentPid, int Group, int Session, char State, uint Flags, uint User, uint UserGroup, string Name, IReadOnlyList<string> Command);

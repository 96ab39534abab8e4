using System.Buffers.Binary;
using Kaa.Formats;

namespace Kaa.Control.Agent.Code;

/// <summary>One hook's piece of an island: agent/protocol.h, KAA_PIECE.</summary>
internal static class IslandPiece
{
    public const int Size = 256;
    private const int BackOffset = 16;
    private const int ProbeOffset = 8;
    private const int EntryOffset = 24; // in the piece of a step: a word that its jump goes by
    private const int WrapOffset = 24;
    private const int CodeOffset = 32;
    private const int DisplacedOffset = 51;
    private const int StepOffset = 128;
    private const int WrapCallOffset = 192;

    /// <summary>Bytes that a call of rt_sigaction may be given, behind all code.</summary>
    public const int SpareOffset = 208;

    /// <summary>Where the function jumps to.</summary>
    public static Address Entry(Address piece) => piece + CodeOffset;

    /// <summary>Where its own instructions are.</summary>
    public static Address Displaced(Address piece) => piece + DisplacedOffset;

    public static Address OfDisplaced(Address displaced) => displaced - DisplacedOffset;

    /// <summary>
    /// What a hook's action is may change as long as the process lives, and a thread be in the piece meanwhile: so both ways are in each piece, and only the jump to the second comes and goes.
    /// </summary>
    /// <param name="hook">Address of its struct kaa_hook.</param>
    /// <param name="ways">Where the image is entered.</param>
    /// <param name="wraps">True where the function is wrapped.</param>
    /// <param name="offsets">For each displaced instruction where it was in the function, from the hook on, and where it is in the piece.</param>
    public static byte[]? Build(Displacement displaced, Address piece, Address hook, ImageWays ways, bool wraps, List<(int From, int To)> offsets, out HookRefusal? refusal)
    {
        byte[] bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, hook.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(ProbeOffset), ways.Probe.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(BackOffset), displaced.Address.Value + (ulong)displaced.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(WrapOffset), ways.Wrap.Value);
        Call.CopyTo(bytes.AsSpan(CodeOffset));
        WrapCall.CopyTo(bytes.AsSpan(WrapCallOffset));
        if (wraps)
            ToWrapCall.CopyTo(bytes.AsSpan(CodeOffset));
        byte[]? moved = Relocator.TryWrite(displaced, Displaced(piece), piece + BackOffset, offsets, out refusal);
        if (moved is null)
            return null;
        if (moved.Length > WrapCallOffset - DisplacedOffset)
        {
            refusal = new HookRefusal("not-relocatable", "its instructions take too much room");
            return null;
        }

        moved.CopyTo(bytes, DisplacedOffset);
        for (int i = 0; i < offsets.Count; i++)
            offsets[i] = (offsets[i].From, offsets[i].To + DisplacedOffset);
        return bytes;
    }

    private static ReadOnlySpan<byte> Call =>
    [
        0x48, 0x8d, 0x64, 0x24, 0x80, // lea rsp, [rsp-128]
        0xff, 0x15, unchecked((byte)(ProbeOffset - CodeOffset - 11)), 0xff, 0xff, 0xff, // call [probe]
        0x48, 0x8d, 0xa4, 0x24, 0x80, 0x00, 0x00, 0x00, // lea rsp, [rsp+128]
    ];

    // Flags mean nothing at the entry of a function, and there is no red zone.
    private static ReadOnlySpan<byte> WrapCall =>
    [
        0xff, 0x15, unchecked((byte)(WrapOffset - WrapCallOffset - 6)), 0xff, 0xff, 0xff, // call [wrap]
        0x0f, 0x84, unchecked((byte)(DisplacedOffset - WrapCallOffset - 12)), 0xff, 0xff, 0xff, // jz displaced
        0xc3, // ret
    ];

    // As long as the instruction that it takes the place of.
    private static ReadOnlySpan<byte> ToWrapCall => [0xe9, WrapCallOffset - CodeOffset - 5, 0x00, 0x00, 0x00]; // jmp

    /// <summary>A piece for one instruction after the other (<see cref="Step"/>): behind it the probe is called, then the thread goes where the word at 16 says.</summary>
    public static byte[] BuildStep(Address piece, Address hook, Address probe)
    {
        byte[] bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, hook.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(ProbeOffset), probe.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(EntryOffset), Entry(piece).Value);
        Call.CopyTo(bytes.AsSpan(CodeOffset));
        ReadOnlySpan<byte> jump = [0xff, 0x25, unchecked((byte)(BackOffset - DisplacedOffset - 6)), 0xff, 0xff, 0xff]; // jmp [back]
        jump.CopyTo(bytes.AsSpan(DisplacedOffset));
        return bytes;
    }

    /// <summary>Where the instruction of a step is.</summary>
    public static Address StepCode(Address piece) => piece + StepOffset;

    /// <summary>The word that says where a step ends.</summary>
    public static Address StepBack(Address piece) => piece + BackOffset;

    /// <summary>The bytes of a step, for <see cref="StepCode"/>: one instruction, and the way to the probe.</summary>
    public static byte[]? Step(Displacement one, Address piece, out HookRefusal? refusal) =>
        Relocator.TryWrite(one, StepCode(piece), piece + EntryOffset, [], out refusal);

    /// <summary>The jump that a function begins with when it is hooked; null where the piece is too far away.</summary>
    public static byte[]? Jump(Address from, Address piece)
    {
        long distance = Entry(piece) - (from + CodeBytes.JumpSize);
        if (distance is < int.MinValue or > int.MaxValue)
            return null;
        byte[] jump = [0xe9, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32LittleEndian(jump.AsSpan(1), (int)distance);
        return jump;
    }
}

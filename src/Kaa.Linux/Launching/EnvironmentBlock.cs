using System.Runtime.InteropServices;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Launching;

/// <summary>The environment that a program gets: Kaa's own to the byte, in its order, whatever text it is in.</summary>
internal sealed unsafe class EnvironmentBlock : IDisposable
{
    private readonly TextArray? _texts;
    private readonly byte* _bytes;

    /// <param name="variables">NAME=VALUE; null for Kaa's own.</param>
    public EnvironmentBlock(IReadOnlyList<string>? variables)
    {
        // What Kaa itself was given: its own process never changes it.
        var text = new KernelText();
        if (variables is not null || !text.TryRead(ProcRoot.System.Of("self/environ"), out ReadOnlySpan<byte> block))
        {
            _texts = new TextArray(variables ?? []);
            Pointers = _texts.Pointers;
            return;
        }

        _bytes = (byte*)NativeMemory.Alloc((nuint)block.Length + 1);
        block.CopyTo(new Span<byte>(_bytes, block.Length));
        _bytes[block.Length] = 0;
        Pointers = (byte**)NativeMemory.AllocZeroed((nuint)block.Count((byte)0) + 2, (nuint)sizeof(byte*));
        int count = 0;
        for (int at = 0; at < block.Length; at += block[at..].IndexOf((byte)0) is >= 0 and int length ? length + 1 : block.Length)
            Pointers[count++] = _bytes + at;
    }

    public byte** Pointers { get; }

    public void Dispose()
    {
        if (_texts is null)
            NativeMemory.Free(Pointers);
        NativeMemory.Free(_bytes);
        _texts?.Dispose();
    }
}

using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Stack;

namespace Kaa.Control.Running;

/// <summary>PEP 768: the words by which an interpreter is asked to run a script. The thread must be stopped, as its flags change all the time.</summary>
internal static class ScriptRequest
{
    /// <param name="descriptor">Of the memfd with the script, in the process.</param>
    public static bool Make(RunTarget target, RawThread thread, int descriptor)
    {
        if (target.Python.Layout.RemoteDebug is not { } layout)
            return false;
        byte[] path = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}\0"));
        Span<byte> flag = stackalloc byte[4];
        if (!target.Patch.TryRead(thread.Address + layout.debugger_pending_call, flag) || BinaryPrimitives.ReadInt32LittleEndian(flag) != 0)
            return false;
        BinaryPrimitives.WriteInt32LittleEndian(flag, 1);
        return path.Length <= layout.debugger_script_path_size
            && target.Patch.TryWrite(thread.Address + layout.debugger_script_path, path)
            && target.Patch.TryWrite(thread.Address + layout.debugger_pending_call, flag)
            && Raise(target, thread.Address + layout.eval_breaker);
    }

    /// <summary>True while it has not been taken.</summary>
    public static bool IsWaiting(RunTarget target, RawThread thread)
    {
        Span<byte> flag = stackalloc byte[4];
        return target.Python.Layout.RemoteDebug is { } layout && target.Patch.TryRead(thread.Address + layout.debugger_pending_call, flag)
            && BinaryPrimitives.ReadInt32LittleEndian(flag) != 0;
    }

    /// <summary>True where it had not begun.</summary>
    public static bool TakeBack(RunTarget target, RawThread thread)
    {
        if (target.Python.Layout.RemoteDebug is not { } layout)
            return false;
        Address place = thread.Address + layout.debugger_pending_call;
        Span<byte> flag = stackalloc byte[4];
        if (!target.Patch.TryRead(place, flag) || BinaryPrimitives.ReadInt32LittleEndian(flag) != 1)
            return false;
        flag.Clear();
        return target.Patch.TryWrite(place, flag);
    }

    private static bool Raise(RunTarget target, Address place)
    {
        Span<byte> word = stackalloc byte[8];
        if (!target.Patch.TryRead(place, word))
            return false;
        BinaryPrimitives.WriteUInt64LittleEndian(word, BinaryPrimitives.ReadUInt64LittleEndian(word) | RemoteDebugLayout.PleaseStop);
        return target.Patch.TryWrite(place, word);
    }
}

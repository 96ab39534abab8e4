using System.Buffers.Text;

namespace Kaa.Linux.Proc;

/// <summary>Writes <c>TID/file</c> with its NUL, relative to /proc/PID/task, without making a string.</summary>
internal static class TaskPath
{
    public const int MaxLength = 32;

    public static ReadOnlySpan<byte> Write(Span<byte> buffer, int tid, ReadOnlySpan<byte> file)
    {
        Utf8Formatter.TryFormat(tid, buffer, out int length);
        buffer[length++] = (byte)'/';
        file.CopyTo(buffer[length..]);
        length += file.Length;
        buffer[length++] = 0;
        return buffer[..length];
    }
}

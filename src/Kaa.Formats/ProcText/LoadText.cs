using System.Buffers.Text;

namespace Kaa.Formats.ProcText;

/// <summary><c>/proc/loadavg</c>: three averages, threads that run or wait for a processor, a slash, all threads, the last pid (proc(5)).</summary>
public static class LoadText
{
    private const int RunnableAt = 3;

    /// <summary>Threads that run or wait for a processor, at this moment; null where the text has no such field.</summary>
    public static int? Runnable(ReadOnlySpan<byte> text)
    {
        for (int field = 0; field < RunnableAt; field++)
        {
            int blank = text.IndexOf((byte)' ');
            if (blank < 0)
                return null;
            text = text[(blank + 1)..];
        }

        return Utf8Parser.TryParse(text, out int runnable, out int length) && length < text.Length && text[length] == '/' ? runnable : null;
    }
}

using System.Globalization;
using Kaa.Linux.Processes;

namespace Kaa.Doctor.Checks;

/// <summary>One line of <c>/proc/PID/limits</c> (proc_pid_limits, fs/proc/base.c).</summary>
/// <param name="Soft">Null for "unlimited", as <paramref name="Hard"/>.</param>
/// <param name="Line">As the kernel wrote it, with single blanks.</param>
internal readonly record struct ResourceLimit(ulong? Soft, ulong? Hard, string Line)
{
    /// <summary>Null where the file can't be read, or has no such line.</summary>
    public static ResourceLimit? Of(ProcessFolder process, string name)
    {
        foreach (string line in (process.Text("limits") ?? "").Split('\n'))
        {
            if (!line.StartsWith(name, StringComparison.Ordinal))
                continue;
            string[] values = line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (values.Length >= 2 && TryParse(values[0], out ulong? soft) && TryParse(values[1], out ulong? hard))
                return new ResourceLimit(soft, hard, $"{name}: soft {values[0]}, hard {values[1]}");
        }

        return null;
    }

    private static bool TryParse(string text, out ulong? value)
    {
        value = null;
        if (text == "unlimited")
            return true;
        bool isNumber = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number);
        value = number;
        return isNumber;
    }
}

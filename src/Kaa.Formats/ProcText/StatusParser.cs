using System.Text;

namespace Kaa.Formats.ProcText;

/// <summary><c>/proc/PID/status</c>: lines of <c>Key:⇥value</c>, of which later kernels have more.</summary>
public static class StatusParser
{
    private const string Format = "/proc/PID/status";

    /// <summary>Namespaces nest at most 32 deep (MAX_PID_NS_LEVEL, include/linux/pid_namespace.h), and the initial one.</summary>
    private const int MaxNamespaces = 33;

    /// <exception cref="BadData">A value that is wanted breaks the format. Unknown keys are passed over.</exception>
    public static ProcessStatus Parse(ReadOnlySpan<byte> text)
    {
        var status = new ProcessStatus();
        var lines = new ProcReader(Format, text);
        bool known = false;
        while (!lines.AtEnd)
        {
            ReadOnlySpan<byte> line = lines.Line();
            int colon = line.IndexOf((byte)':');
            if (colon < 0)
                continue;
            var value = new ProcReader(Format, line[(colon + 1)..]);
            value.SkipBlanks();
            Apply(status, line[..colon], ref value);
            known |= line[..colon].SequenceEqual("Pid"u8);
        }

        return known ? status : throw lines.Bad("a line \"Pid:\"");
    }

    /// <summary>
    /// How often the thread gave up its processor: changes with every wait, so equal counts before and after prove that it slept on.
    /// Null where the text does not say.
    /// </summary>
    public static (ulong Voluntary, ulong Involuntary)? ContextSwitches(ReadOnlySpan<byte> text)
    {
        // The last two lines; reading only these matters with many threads.
        int place = text.LastIndexOf("\nvoluntary_ctxt_switches:"u8);
        if (place < 0)
            return null;
        var reader = new ProcReader(Format, text[place..]);
        reader.Expect("\nvoluntary_ctxt_switches:"u8);
        reader.SkipBlanks();
        ulong voluntary = reader.Unsigned();
        reader.Expect("\nnonvoluntary_ctxt_switches:"u8);
        reader.SkipBlanks();
        return (voluntary, reader.Unsigned());
    }

    private static void Apply(ProcessStatus status, ReadOnlySpan<byte> key, ref ProcReader value)
    {
        Span<char> name = stackalloc char[32];
        if (key.Length > name.Length || !Encoding.ASCII.TryGetChars(key, name, out int length))
            return;
        switch (name[..length])
        {
            case "Name":
                status.Name = Unescape(value.Rest);
                break;
            case "State":
                status.State = (char)value.Byte();
                break;
            case "Tgid":
                status.ThreadGroup = value.Int32();
                break;
            case "Pid":
                status.Pid = value.Int32();
                break;
            case "PPid":
                status.ParentPid = value.Int32();
                break;
            case "TracerPid":
                status.TracerPid = value.Int32();
                break;
            case "Uid":
                status.Uid = Ids(ref value);
                break;
            case "Gid":
                status.Gid = Ids(ref value);
                break;
            case "NSpid":
                status.NamespacePids = Numbers(ref value);
                break;
            case "NStgid":
                status.NamespaceThreadGroups = Numbers(ref value);
                break;
            case "Threads":
                status.Threads = value.Int32();
                break;
            case "VmRSS":
                status.ResidentSize = unchecked(value.Unsigned() * 1024);
                break;
            case "SigPnd":
                status.PendingSignals = value.Hex();
                break;
            case "ShdPnd":
                status.SharedPendingSignals = value.Hex();
                break;
            case "SigBlk":
                status.BlockedSignals = value.Hex();
                break;
            case "SigIgn":
                status.IgnoredSignals = value.Hex();
                break;
            case "SigCgt":
                status.CaughtSignals = value.Hex();
                break;
            case "CapPrm":
                status.PermittedCapabilities = value.Hex();
                break;
            case "CapEff":
                status.EffectiveCapabilities = value.Hex();
                break;
            case "NoNewPrivs":
                status.NoNewPrivileges = value.Unsigned() != 0;
                break;
            case "Seccomp":
                status.Seccomp = (SeccompMode)value.Int32();
                break;
            case "Seccomp_filters":
                status.SeccompFilters = value.Int32();
                break;
            case "x86_Thread_features":
                status.ShadowStack = value.Rest.IndexOf("shstk"u8) >= 0;
                break;
            case "voluntary_ctxt_switches":
                status.VoluntaryContextSwitches = value.Unsigned();
                break;
            case "nonvoluntary_ctxt_switches":
                status.InvoluntaryContextSwitches = value.Unsigned();
                break;
            default:
                break;
        }
    }

    private static Credential Ids(ref ProcReader value) => new(Id(ref value), Id(ref value), Id(ref value), Id(ref value));

    private static uint Id(ref ProcReader value)
    {
        value.SkipBlanks();
        ulong id = value.Unsigned();
        return id <= uint.MaxValue ? (uint)id : throw value.Bad("a 32-bit id in front");
    }

    private static List<int> Numbers(ref ProcReader value)
    {
        var numbers = new List<int>(1);
        while (!value.AtEnd)
        {
            if (numbers.Count >= MaxNamespaces)
                throw value.Bad($"at most {MaxNamespaces} pid namespaces");
            numbers.Add(value.Int32());
            value.SkipBlanks();
        }

        return numbers;
    }

    /// <summary>Here, unlike in stat and comm, the kernel escapes newline and backslash (proc_task_name, fs/proc/array.c).</summary>
    private static string Unescape(ReadOnlySpan<byte> name)
    {
        string text = ProcReader.Decode(name);
        if (!text.Contains('\\', StringComparison.Ordinal))
            return text;
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool escape = text[i] == '\\' && i + 1 < text.Length;
            i += escape ? 1 : 0;
            result.Append(escape && text[i] == 'n' ? '\n' : text[i]);
        }

        return result.ToString();
    }
}

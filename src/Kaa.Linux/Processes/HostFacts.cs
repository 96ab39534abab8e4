using System.Text;
using Kaa.Formats.ProcText;
using Kaa.Linux.Calls;
using Kaa.Linux.Proc;

namespace Kaa.Linux.Processes;

/// <summary>What /proc says of the machine, and of Kaa itself.</summary>
public sealed class HostFacts(ProcRoot proc)
{
    private readonly KernelText _text = new();

    /// <summary>Kaa's own status; null where /proc is not mounted.</summary>
    public ProcessStatus? Self => field ??= _text.TryRead(proc.Of("self/status"), out ReadOnlySpan<byte> text) ? StatusParser.Parse(text) : null;

    /// <summary>kernel.yama.ptrace_scope; null where this kernel has no Yama.</summary>
    public int? YamaScope => Text("sys/kernel/yama/ptrace_scope") is { Length: > 0 } scope && char.IsAsciiDigit(scope[0]) ? scope[0] - '0' : null;

    /// <summary>A file below /proc, without the blanks around it; null where there is none.</summary>
    public string? Text(string file) =>
        _text.TryRead(proc.Of(file), out ReadOnlySpan<byte> text) ? Encoding.UTF8.GetString(text).Trim() : null;

    /// <summary>Where a link below /proc leads; null where that may not be known.</summary>
    public string? Link(string file) => Descriptor.ReadLink(proc.Of(file));
}

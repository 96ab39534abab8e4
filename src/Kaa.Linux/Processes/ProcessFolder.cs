using System.Text;
using Kaa.Formats.ProcText;
using Kaa.Linux.Access;
using Kaa.Linux.Calls;
using Kaa.Linux.Files;
using Kaa.Linux.Proc;
using Kaa.Results;

namespace Kaa.Linux.Processes;

/// <summary><c>/proc/PID</c> of one process, for whoever asks about it rather than looks into it. Not safe for two threads at once.</summary>
public sealed class ProcessFolder : IDisposable
{
    private readonly ProcRoot _proc;
    private readonly KernelText _text = new();
    private TargetRoot? _root;
    private bool _rootSought;

    private ProcessFolder(ProcRoot proc, ProcessStatus status)
    {
        _proc = proc;
        Status = status;
    }

    public int Pid => Status.Pid;

    /// <summary>As of the beginning.</summary>
    public ProcessStatus Status { get; }

    public IReadOnlyList<string> Command => Bytes("cmdline") is { } text ? NulSeparated.Split(text) : [];

    /// <summary>The environment that the program was started with; null where it may not be read.</summary>
    public IReadOnlyList<string>? Environment => Bytes("environ") is { } text ? NulSeparated.Split(text) : null;

    /// <summary>What stands before the paths of a process in a chroot; empty elsewhere.</summary>
    public string Prefix => LiveFiles.Prefix(_proc, Pid);

    /// <summary>The files below the process's own root; null where that may not be entered.</summary>
    public TargetRoot? Root
    {
        get
        {
            if (!_rootSought)
                _root = TargetRoot.Open(_proc.Of(Pid, "root"));
            _rootSought = true;
            return _root;
        }
    }

    /// <exception cref="UserError">no-such-process, kernel-thread, no-proc.</exception>
    public static ProcessFolder Require(ProcRoot proc, int pid) => new(proc, ProcessGate.RequireProcess(proc, pid));

    /// <summary>Null where the file can't be read.</summary>
    public string? Text(string file) => Bytes(file) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Null where the file can't be read.</summary>
    public byte[]? Bytes(string file) => _text.TryRead(_proc.Of(Pid, file), out ReadOnlySpan<byte> text) ? text.ToArray() : null;

    /// <summary>Where a link leads, as the kernel writes it; null where that may not be known.</summary>
    public string? Link(string file) => Descriptor.ReadLink(_proc.Of(Pid, file));

    /// <summary>A path that a link of this folder gave, as the process would write it.</summary>
    public string Inside(string path) => LiveFiles.Inside(Prefix, path);

    public void Dispose() => _root?.Dispose();
}

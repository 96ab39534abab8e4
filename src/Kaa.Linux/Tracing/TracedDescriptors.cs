using Kaa.Linux.Proc;

namespace Kaa.Linux.Tracing;

/// <summary>What the descriptors of a traced process are. A name is kept until the tracer sees a call that may have made it another one.</summary>
public sealed class TracedDescriptors(ProcRoot proc, int pid)
{
    private const int MostKept = 4096;

    private readonly DescriptorNames _names = new(proc, pid);
    private readonly Dictionary<int, string> _kept = [];

    /// <summary>Null where there is no such descriptor, or it may not be looked at.</summary>
    public string? Find(int descriptor)
    {
        if (_kept.TryGetValue(descriptor, out string? known))
            return known;
        if (_names.Find(descriptor) is not { } name)
            return null;
        if (_kept.Count < MostKept)
            _kept.Add(descriptor, name);
        return name;
    }

    public void Forget() => _kept.Clear();

    /// <summary>True for calls after which a number may be another descriptor, or a socket have another address.</summary>
    public static bool MayChange(int number) => number switch
    {
        3 or 33 or 292 or 436 => true, // close, dup2, dup3, close_range
        42 or 43 or 49 or 50 or 288 => true, // connect, accept, bind, listen, accept4
        59 or 322 or 426 => true, // execve, execveat, io_uring_enter
        _ => false,
    };
}

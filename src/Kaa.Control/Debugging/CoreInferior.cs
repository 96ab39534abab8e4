using Kaa.Formats;
using Kaa.Results;
using Kaa.Formats.Cores;
using Kaa.Target;
using Kaa.Target.Arch;
using Kaa.Target.Cores;

namespace Kaa.Control.Debugging;

/// <summary>A core: nothing moves, nothing can be changed.</summary>
public sealed class CoreInferior : Inferior
{
    private readonly List<InferiorThread> _threads = [];

    private CoreInferior(CoreTarget core)
        : base(core)
    {
        Memory = core.Glance();
        var words = new Dictionary<int, ulong[]>();
        foreach (CoreThread thread in core.Core.Notes.Threads)
            words.TryAdd(thread.Tid, thread.Registers);
        foreach (TargetThread thread in core.Threads)
            _threads.Add(new InferiorThread(NumberOf(thread.Tid), thread, RegistersOf(thread, words.GetValueOrDefault(thread.Tid))));
    }

    public override InferiorState State => InferiorState.Core;

    public override IMemory Memory { get; }

    public override IReadOnlyList<InferiorThread> Threads => _threads;

    /// <exception cref="UserError">Those of <see cref="CoreTarget.Open"/>.</exception>
    public static CoreInferior Open(string path, CoreOptions options, IReadOnlyList<string> debugDirectories)
    {
        CoreTarget core = CoreTarget.Open(path, options);
        core.DebugFiles = core.DebugFiles with { Directories = debugDirectories };
        return new CoreInferior(core);
    }

    public override void Write(Address address, ReadOnlySpan<byte> bytes) =>
        throw new UserError("core-is-read-only", "a core can't be changed", "what it shows is what the process was");

    private static X64RegisterFile RegistersOf(TargetThread thread, ulong[]? words)
    {
        if (thread.Registers is not null && words is not null)
            return new X64RegisterFile(words);
        var known = new X64Registers();
        known[X64Registers.Rsp] = thread.StackPointer?.Value;
        known[X64Registers.Rip] = thread.InstructionPointer?.Value;
        return new X64RegisterFile(known, null);
    }
}

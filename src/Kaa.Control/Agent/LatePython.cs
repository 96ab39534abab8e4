using Kaa.Linux.Looking;
using Kaa.Python;
using Kaa.Python.Recorded;

namespace Kaa.Control.Agent;

/// <summary>Tells an agent of what was not there yet when it was put into its process: an interpreter, and the C library's threads.</summary>
internal static class LatePython
{
    /// <summary>How frames are walked: the agent that records their stacks, and before it <paramref name="stacks"/>, which names them. False where it is too early for that: no thread has a state yet.</summary>
    public static bool Teach(int pid, AgentMemory memory, EventStacks stacks, PythonProcess python)
    {
        using AgentProcess process = AgentProcess.Open(pid, null);
        var walk = FrameWalk.Of(python);
        AgentPython words = AgentWords.Of(process, python, walk, out int tidOffset);
        if (words is { search: not 0, state: 0 } && python.Version.Major > 2)
            return false;
        stacks.Know(python, walk);
        if (tidOffset != 0)
            memory.Write(AgentWords.TidOffset, tidOffset);

        // Threads may be at hooks: they look at the form first.
        AgentFrameForm form = words.form;
        memory.Write(AgentWords.PythonOffset, words with { form = AgentFrameForm.None });
        System.Threading.Interlocked.MemoryBarrier();
        memory.Write(AgentWords.PythonOffset, words with { form = form });
        return true;
    }

    /// <summary>Where the C library has a thread's id, found by the one thread that there is.</summary>
    public static void TeachThreadId(int pid, AgentMemory memory, HeldProcess held)
    {
        using AgentProcess process = AgentProcess.Open(pid, held);
        if (held.Threads is [{ Tracee: { HasRegisters: true } only }])
            memory.Write(AgentWords.TidOffset, ThreadWords.FindTid(process.Target.Current, [(only.Registers.FsBase, process.NamespacePid)]));
    }
}

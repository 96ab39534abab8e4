using Kaa.Control.Agent;
using Kaa.Control.Remote;
using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Python;
using Kaa.Target;

namespace Kaa.Control.Memory;

/// <summary>
/// CPython frees code objects by tp_dealloc of their type: that word leads to the agent while Kaa records, so that what is made at the same address afterwards is told as another one. The function itself has no symbol, and to hook
/// it would take a look through all of CPython's code for branches into it.
/// </summary>
internal static class CodeEnds
{
    /// <summary>First the agent knows where to go on; what is given leads there (<see cref="AgentSession.Point"/>). Empty where there is no such type.</summary>
    /// <remarks>A program that is no position-independent one may have a copy of the type, which libpython uses then instead of its own (R_X86_64_COPY): both words are changed.</remarks>
    /// <exception cref="Results.UserError">agent-refused: it can't be told.</exception>
    public static List<(Address Word, ulong From, ulong To)> Lead(ObservedTarget target, PythonProcess python, AgentSession agent)
    {
        var words = new List<(Address Word, ulong From, ulong To)>();
        Address ours = agent.Image + AgentRegion.Image.code_end;
        if (python.Module is not { } own || Find(target, python, own) is not { } found || found.End == ours)
            return words;
        if (!agent.Shared.TryWriteProcess(agent.Own + AreaWords.OwnCodeEnd, BitConverter.GetBytes(found.End.Value)))
            throw AgentProcess.Refused(RemoteHindrance.NotWritable);
        foreach (Module module in target.Modules.Modules)
        {
            if (Find(target, python, module) is { } other && other.End == found.End)
                words.Add((other.Word, found.End.Value, ours.Value));
        }

        return words;
    }

    private static (Address Word, Address End)? Find(ObservedTarget target, PythonProcess python, Module module)
    {
        if (target.Images.For(module).FindSymbol("PyCode_Type") is not { } type)
            return null;
        Address word = type + (python.ObjectLayout.PyTypeObject.tp_itemsize + sizeof(ulong)); // tp_dealloc: PyTypeObject in Include/cpython/object.h
        return target.Glance().TryReadPointer(word, out Address end) && target.Modules.FindMapping(end) is { } mapping && mapping.Can(MappingAccess.Execute) ? (word, end) : null;
    }
}

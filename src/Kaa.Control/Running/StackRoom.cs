using Kaa.Formats.ProcText;
using Kaa.Formats;
using Kaa.Linux.Registers;
using Kaa.Target;

namespace Kaa.Control.Running;

/// <summary>Whether a thread has stack left for what is to run on it.</summary>
internal static class StackRoom
{
    public static bool IsEnough(ObservedTarget target, in X64Registers registers, int bytes)
    {
        var top = new Address(registers.Rsp);
        if (target.Modules.FindMapping(top) is not { } stack || !stack.Can(MappingAccess.Write))
            return false;

        // The main thread's grows.
        return stack.Path == "[stack]" || top - stack.Start >= bytes;
    }
}

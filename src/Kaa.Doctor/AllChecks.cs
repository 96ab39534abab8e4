using Kaa.Doctor.Checks;
using Kaa.Doctor.Gdb;

namespace Kaa.Doctor;

/// <summary>Which checks make an examination, in the order in which equals are told.</summary>
public static class AllChecks
{
    /// <summary>Of the machine alone.</summary>
    public static IReadOnlyList<ICheck> OfHost() => [new HostAccessCheck(), new OwnFilterCheck(), new PythonProcessesCheck(), new HostToolsCheck(), new GdbCheck()];

    public static IReadOnlyList<ICheck> OfProcess() =>
    [
        new AccessCheck(), new OwnFilterCheck(), new TracerCheck(), new StateCheck(), new ConfinementCheck(), new NamespaceCheck(), new LeftoverCheck(), new MappedFilesCheck(),
        new InterpreterCheck(), new SymbolsCheck(), new GdbCheck(), new CoreDumpCheck(),
    ];

    public static IReadOnlyList<ICheck> OfCore() => [new CoreFileCheck(), new InterpreterCheck(), new SymbolsCheck(), new GdbCheck()];
}

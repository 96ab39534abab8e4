using System.Globalization;
using Kaa.Doctor.Packages;
using Kaa.Python;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Doctor.Checks;

/// <summary>
/// Symbols and debug information of the interpreter, the C library and extension modules: there, missing, of another build; what Kaa's answers rest
/// on, and the package that would bring what gdb needs.
/// </summary>
internal sealed class SymbolsCheck : ICheck
{
    private const int Shown = 5;

    public string Subject => "symbols and debug information";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (examined is not { Target: { } target, Interpreter: { } info })
            yield break;
        PackageDatabase? packages = PackageDatabase.Of(examined.Process?.Root);
        var extensions = new List<DebugQuality>();
        foreach (Module module in target.Modules.Modules)
        {
            Role role = RoleOf(module, examined.Python!, info);
            if (role == Role.Other || DebugQuality.Of(module, target, withEval: role == Role.Interpreter) is not { } quality)
                continue;
            foreach (Finding finding in Mismatches(quality))
                yield return finding;
            if (role == Role.Extension)
                extensions.Add(quality);
            else
                yield return Main(quality, role, info, packages);
            if (role == Role.Interpreter && Weakness(quality) is { } weakness)
                yield return weakness;
        }

        if (Extensions(extensions) is { } summary)
            yield return summary;
    }

    private static Role RoleOf(Module module, PythonProcess python, InterpreterInfo info)
    {
        if (module == python.Module)
            return Role.Interpreter;
        if (module.Path == info.Executable)
            return ProgramForm.IsPython(module.Path) ? Role.Other : Role.Program;
        string name = module.FileName;
        if (name.StartsWith("libc.so", StringComparison.Ordinal) || name.StartsWith("libc-2", StringComparison.Ordinal) || name.StartsWith("ld-musl", StringComparison.Ordinal))
            return Role.Library;
        bool isExtension = name.Contains(".cpython-", StringComparison.Ordinal) || name.Contains(".abi3.", StringComparison.Ordinal) || module.Path.Contains("/lib-dynload/", StringComparison.Ordinal) || module.Path.Contains("-packages/", StringComparison.Ordinal);
        return isExtension ? Role.Extension : Role.Other;
    }

    private static IEnumerable<Finding> Mismatches(DebugQuality quality)
    {
        foreach (string path in quality.Rejected)
        {
            yield return new Finding("debug-file-mismatch", Severity.Warning, $"the debug file for {quality.Module.FileName} is of another build: it is not used")
            {
                Evidence = [path, "build-id in memory: " + (quality.BuildId ?? "none")],
                Remedy = ["# remove it, or install the one of this very version"],
                Subject = path,
            };
        }
    }

    private static Finding Main(DebugQuality quality, Role role, InterpreterInfo info, PackageDatabase? packages)
    {
        string who = role switch
        {
            Role.Interpreter => "the interpreter",
            Role.Program => "the program",
            _ => "the C library",
        };
        string code = role switch
        {
            Role.Interpreter => "interpreter-symbols",
            Role.Program => "program-symbols",
            _ => "libc-symbols",
        };
        var evidence = new List<string>
        {
            $"{quality.Module.Path}, build-id {quality.BuildId ?? "none"}",
            quality.HasFile ? $"symbol table: {(quality.HasSymbolTable ? "yes" : "stripped")}; DWARF: {(quality.HasDebugInfo ? "yes" : "none")}" : "the mapped file can't be had: all is read from memory",
        };
        if (quality.Eval is { } eval)
            evidence.Add($"{eval.Name}: DWARF {eval.Version}, {eval.Producer}");
        if (quality.HasDebugInfo)
            return new Finding(code, Severity.Ok, $"{who} has symbols and debug information") { Evidence = evidence, Subject = quality.Module.Path };
        if (role == Role.Interpreter)
            evidence.Add($"Kaa's Python frames rest on: offsets {(info.Layout == LayoutSource.DebugOffsets ? "from the interpreter's own table" : "from Kaa's table, proved in memory")}");
        evidence.Add($"Kaa's names of C functions rest on: {quality.Symbols}; unwinding on: {(quality.HasUnwindTable ? ".eh_frame in memory" : "frame pointers (it has no .eh_frame_hdr)")}");
        return new Finding(code, Severity.Info, $"{who} has no debug information: Kaa does without, gdb has no types and variables of it")
        {
            Evidence = evidence,
            Remedy = DebugPackage.Remedy(quality, packages),
            Subject = quality.Module.Path,
        };
    }

    /// <summary>Debug information that is there, and does not tell what a reader hopes for.</summary>
    internal static Finding? Weakness(DebugQuality quality)
    {
        if (quality is not { HasDebugInfo: true, Eval: var eval })
            return null;
        if (eval is null)
        {
            return new Finding("debug-info-partial", Severity.Info, "the interpreter's debug information does not describe the function that runs Python code (-g0 for it): gdb can't show Python frames")
            {
                Evidence = ["no unit has the code of _PyEval_EvalFrameDefault"],
                Subject = quality.Module.Path,
            };
        }

        if (!eval.HasLocals)
        {
            return new Finding("debug-info-without-locals", Severity.Info, "the interpreter's debug information has lines but no variables (-g1): gdb can't show Python frames")
            {
                Evidence = [$"{eval.Name}: no DW_TAG_formal_parameter, no DW_TAG_variable", eval.Producer ?? "no DW_AT_producer"],
                Remedy = ["# Kaa needs neither; for gdb, build CPython with CFLAGS=-g"],
                Subject = quality.Module.Path,
            };
        }

        return null;
    }

    private static Finding? Extensions(List<DebugQuality> extensions)
    {
        List<DebugQuality> bare = extensions.FindAll(quality => !quality.HasDebugInfo && !quality.HasSymbolTable);
        if (extensions.Count == 0)
            return null;
        if (bare.Count == 0)
            return new Finding("extension-symbols", Severity.Ok, $"all {extensions.Count} extension modules have symbols");
        List<DebugQuality> blind = bare.FindAll(quality => !quality.HasUnwindTable);
        var evidence = new List<string>();
        foreach (DebugQuality quality in bare.GetRange(0, Math.Min(Shown, bare.Count)))
            evidence.Add($"{quality.Module.Path}: stripped, names from {quality.Symbols}");
        if (bare.Count > Shown)
            evidence.Add(string.Create(CultureInfo.InvariantCulture, $"and {bare.Count - Shown} more"));
        foreach (DebugQuality quality in blind)
            evidence.Add($"{quality.Module.Path}: no .eh_frame_hdr, so C stacks through it rest on frame pointers");
        return new Finding(
            "extension-symbols", blind.Count > 0 ? Severity.Warning : Severity.Info,
            $"{bare.Count} of {extensions.Count} extension modules are stripped: their static C functions have no names, in any tool")
        {
            Evidence = evidence,
        };
    }

    private enum Role
    {
        Other,
        Interpreter,
        Program,
        Library,
        Extension,
    }
}

using System.Globalization;
using System.Text;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Python.Layout;
using Kaa.Python.Semantics;
using Kaa.Python.Stack;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Python.Discovery;

/// <summary>Finds the interpreter of a process, or says why there is none to be read.</summary>
internal sealed class PythonFinder(ObservedTarget target)
{
    /// <summary>
    /// The process runs while it is searched: a thread that ends between the read of the list's head and that of the thread itself makes a
    /// good interpreter look like none. Measured on a 2.7 that starts and ends some hundred threads a second: one search in forty.
    /// </summary>
    private const int Attempts = 6;

    private readonly bool _isCore = target.Info.Kind == TargetKind.Core;
    private IMemory _memory = target.Glance();
    private bool _anyCandidate;
    private FoundInterpreter? _starting;
    private RuntimeCandidate? _unread;

    /// <param name="thorough">Search the data of all modules where no name tells.</param>
    /// <exception cref="UserError">not-python, unsupported-implementation, unsupported-version, interpreter-starting.</exception>
    public FoundInterpreter Find(bool thorough)
    {
        InterpreterProof proof;
        FoundInterpreter? found;
        int attempt = 1;
        while (true)
        {
            proof = new InterpreterProof(_memory, HashSecret);
            found = First(new RuntimeLocator(target).Candidates(), proof);
            if (found is not null || !_anyCandidate || attempt++ == Attempts)
                break;
            _memory = target.Glance();
        }

        // What the scans below meet is a guess: it says nothing of a process that is no Python.
        (bool isEmpty, RuntimeCandidate? named) = (proof.SawEmpty, _unread);
        if (found is null && _starting is null)
            ThrowIfOtherImplementation();
        found ??= ByDwarf(proof);
        if (found is null && thorough)
            found = First(new CookieScan(target, _memory).Candidates(), proof);
        if (found is null && thorough && _starting is null)
            found = First(new InterpreterScan(target, _memory).Candidates(), proof);
        return WithStatics(found ?? _starting ?? throw NotFound(proof, isEmpty, named));
    }

    private Address? HashSecret(Module module) => RuntimeLocator.Loaded(target, module, "_Py_HashSecret"u8);

    private FoundInterpreter? First(IEnumerable<RuntimeCandidate> candidates, InterpreterProof proof)
    {
        foreach (RuntimeCandidate candidate in candidates)
        {
            _anyCandidate = true;
            (PythonVersion? hint, bool isSure) = Hint(candidate.Module);
            FoundInterpreter? found = proof.Prove(candidate, hint, isSure);
            if (found is { IsProved: true })
                return found;
            // The same file can be mapped twice (ctypes that opens a static program): its second _PyRuntime never starts.
            _starting ??= found;
            if (candidate.Kind == CandidateKind.Runtime || candidate.Module is not null)
                _unread ??= candidate;
        }

        return null;
    }

    /// <summary>A state was found by name, and no known layout fits: the build's own debug information may tell how it lies.</summary>
    private FoundInterpreter? ByDwarf(InterpreterProof proof)
    {
        if (_unread is not { Module: { } module } candidate || proof.SawEmpty)
            return null;
        ModuleImage image = target.Images.For(module);
        foreach (ElfFile? file in (ReadOnlySpan<ElfFile?>)[image.DebugFile, image.File])
        {
            if (file is not null && DwarfLayout.Read(file) is { } layout)
                return proof.ProveByDwarf(candidate, layout, Hint(module).Version);
        }

        return null;
    }

    /// <summary>The version by the symbol <c>Py_Version</c> (3.11+), else by the names of files.</summary>
    private (PythonVersion? Version, bool IsSure) Hint(Module? module)
    {
        if (module is not null && target.Images.For(module).FindSymbol("Py_Version") is { } symbol
            && target.Constants.TryRead(symbol, out uint hex) && hex is > 0x030b0000 and < 0x04000000)
        {
            return (new PythonVersion(hex), true);
        }

        foreach (Module one in PythonModules.InOrder(target.Modules))
        {
            if (PythonModules.VersionInName(one.Path) is { } version)
                return (new PythonVersion(version.Major, version.Minor), false);
        }

        return (null, false);
    }

    /// <summary>What lies beside <c>interp_head</c> in 2.7 and 3.6: who holds the GIL, who finalizes.</summary>
    private FoundInterpreter WithStatics(FoundInterpreter found)
    {
        if (!found.Root.Runtime.IsNull || found.Candidate.Module is not { } module)
            return found;
        ModuleImage image = target.Images.For(module);
        InterpreterRoot root = found.Root with
        {
            CurrentThread = image.FindSymbol("_PyThreadState_Current") ?? default,
            Finalizing = image.FindSymbol("_Py_Finalizing") ?? default,
        };
        return found with { Root = root };
    }

    private void ThrowIfOtherImplementation()
    {
        foreach (Module module in target.Modules.Modules)
        {
            string name = module.FileName;
            string? other = name.Contains("pypy", StringComparison.OrdinalIgnoreCase) ? "PyPy"
                : name.Contains("graalpy", StringComparison.OrdinalIgnoreCase) || name.StartsWith("libpythonvm", StringComparison.Ordinal) ? "GraalPy"
                : null;
            if (other is not null)
            {
                throw new UserError(
                    "unsupported-implementation", $"{This} runs {other} ({module.Path}); only CPython can be read",
                    "see what its own tools offer, or run the program with CPython");
            }
        }
    }

    private string This => _isCore ? "this core" : "this process";

    private UserError NotFound(InterpreterProof proof, bool isEmpty, RuntimeCandidate? named)
    {
        if (proof.Unsupported is { } version)
        {
            return new UserError(
                "unsupported-version", $"{This} runs CPython {version}, whose structures are not known",
                "known are 2.7 and 3.6 to 3.15; a newer Kaa may know it");
        }

        if (isEmpty)
        {
            return new UserError(
                "interpreter-starting", $"CPython is in {This}, but it is just starting up, or has ended already: there is nothing to be read",
                _isCore ? null : "try again in a moment");
        }

        if (named is { } candidate)
        {
            return new UserError(
                "unsupported-version",
                $"CPython's state lies at {candidate.Address} in {candidate.Module?.Path ?? "no module"}, but no known version's layout fits it",
                "known are 2.7 and 3.6 to 3.15; a build with changed structures can be read only if it has debug information");
        }

        return new UserError("not-python", $"no Python interpreter was found in {This}; " + Searched(),
            _isCore ? "was it a Python process? where files of it are missing, --sysroot and --exe say where they are" : "is this the right pid?");
    }

    private string Searched()
    {
        var text = new StringBuilder("looked for _PyRuntime, interp_head, the section .PyRuntime, the cookie of 3.13 and an interpreter's data in ");
        IReadOnlyList<Module> modules = target.Modules.Modules;
        const int Shown = 3;
        for (int i = 0; i < Math.Min(Shown, modules.Count); i++)
            text.Append(i == 0 ? "" : ", ").Append(modules[i].Path);
        if (modules.Count > Shown)
            text.Append(CultureInfo.InvariantCulture, $" and {modules.Count - Shown} more");
        return modules.Count == 0 ? "no module: no file is mapped" : text.ToString();
    }
}

using Kaa.Formats;
using Kaa.Target;

namespace Kaa.Python.Discovery;

/// <summary>Finds where CPython's state begins by name: symbols that the loader needs, then those of the files, then a section.</summary>
internal sealed class RuntimeLocator(ObservedTarget target)
{
    /// <summary>A function of two or three instructions that loads <c>interp_head</c>.</summary>
    private const int HeadFunctionLength = 24;

    /// <summary>In order of likelihood; costs more the further it is followed.</summary>
    public IEnumerable<RuntimeCandidate> Candidates()
    {
        List<Module> modules = PythonModules.InOrder(target.Modules);
        foreach (Module module in modules)
        {
            foreach (RuntimeCandidate candidate in InMemory(module))
                yield return candidate;
        }

        foreach (Module module in modules)
        {
            if (PythonModules.IsLikely(module, target.Modules))
            {
                foreach (RuntimeCandidate candidate in InFiles(module))
                    yield return candidate;
            }
        }
    }

    private IEnumerable<RuntimeCandidate> InMemory(Module module)
    {
        if (Loaded(target, module, "_PyRuntime"u8) is { } runtime)
            yield return new RuntimeCandidate(CandidateKind.Runtime, runtime, module);
        else if (Loaded(target, module, "PyInterpreterState_Head"u8) is { } function && HeadVariable(function) is { } head)
            yield return new RuntimeCandidate(CandidateKind.PointerToInterpreter, head, module);
    }

    private IEnumerable<RuntimeCandidate> InFiles(Module module)
    {
        ModuleImage image = target.Images.For(module);
        if (image.FindSymbol("_PyRuntime") is { } runtime)
            yield return new RuntimeCandidate(CandidateKind.Runtime, runtime, module);
        else if (image.FindSection(".PyRuntime") is { } section)
            yield return new RuntimeCandidate(CandidateKind.Runtime, section.Start, module);
        else if (image.FindSymbol("interp_head") is { } head)
            yield return new RuntimeCandidate(CandidateKind.InterpreterHead, head, module);
    }

    /// <summary>By the image's own hash table, without any file.</summary>
    public static Address? Loaded(ObservedTarget target, Module module, ReadOnlySpan<byte> name)
    {
        try
        {
            return target.Images.For(module).Elf is { } elf && elf.FindSymbol(name) is { HasAddress: true } symbol ? elf.AddressOf(symbol) : null;
        }
        catch (BadData)
        {
            return null;
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            return null;
        }
    }

    /// <summary>
    /// 2.7 and 3.6 export no variable that names the interpreters, but a function that returns it:
    /// <c>mov rax, [rip + disp32]; ret</c>, perhaps behind <c>endbr64</c> and a frame's set-up.
    /// </summary>
    private Address? HeadVariable(Address function)
    {
        Span<byte> buffer = stackalloc byte[HeadFunctionLength];
        ReadOnlySpan<byte> code = buffer[..target.Constants.Read(function, buffer)];
        int load = code.IndexOf((ReadOnlySpan<byte>)[0x48, 0x8b, 0x05]);
        if (load < 0 || load + 8 > code.Length || code[..load].Contains((byte)0xe8))
            return null;
        bool returns = code[(load + 7)..].IndexOf((byte)0xc3) is 0 or 1 or 2;
        return returns ? function + (load + 7L + code.Int32At(load + 3)) : null;
    }
}

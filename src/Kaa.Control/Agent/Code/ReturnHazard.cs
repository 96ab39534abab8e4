using Kaa.Formats;
using Kaa.Target;

namespace Kaa.Control.Agent.Code;

/// <summary>Functions whose return address must be their caller's: those that return twice, or by another way, and those that look who calls them.</summary>
internal static class ReturnHazard
{
    private static readonly string[] ReturnsOtherwise =
    [
        "vfork", "__vfork", "setjmp", "_setjmp", "__setjmp", "sigsetjmp", "__sigsetjmp", "longjmp", "_longjmp", "__longjmp", "siglongjmp", "__libc_longjmp",
        "__libc_siglongjmp", "getcontext", "setcontext", "swapcontext", "makecontext", "__longjmp_chk", "_Unwind_RaiseException", "_Unwind_Resume",
        "_Unwind_ForcedUnwind", "__cxa_throw", "__cxa_rethrow", "pthread_exit", "__libc_start_main", "rt_sigreturn", "mcount", "__fentry__",
    ];

    // The linker resolves names, paths and namespaces for whoever the return address belongs to.
    private static readonly string[] LooksAtCaller = ["dlopen", "dlmopen", "dlsym", "dlvsym", "__libc_dlopen_mode", "__libc_dlsym"];

    /// <summary>Null where none of the names at the address is such.</summary>
    public static HookRefusal? Of(ObservedTarget target, Address address)
    {
        if (target.Modules.Find(address) is not { } module)
            return null;
        ModuleImage image = target.Images.For(module);
        if (Find(image, ReturnsOtherwise, address) is { } name)
            return new HookRefusal("returns-otherwise", $"{name} does not come back as functions do");
        return Find(image, LooksAtCaller, address) is { } curious ? new HookRefusal("returns-otherwise", $"{curious} looks who calls it") : null;
    }

    private static string? Find(ModuleImage image, string[] names, Address address)
    {
        foreach (string name in names)
        {
            if (image.FindSymbol(name) == address)
                return name;
        }

        return null;
    }
}

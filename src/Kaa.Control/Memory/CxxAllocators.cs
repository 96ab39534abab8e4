using Kaa.Formats;
using Kaa.Recording.Memory;
using Kaa.Target;

namespace Kaa.Control.Memory;

/// <summary>
/// C++'s operators new and delete of allocators that have some beside their malloc and need not call it: jemalloc, tcmalloc, mimalloc. Others (libstdc++'s, most of a program's own) call malloc, where they are seen; they may count or print
/// too, so that one must not be called for the other. Names are mangled as the Itanium C++ ABI says.
/// </summary>
internal static class CxxAllocators
{
    private const string Nothrow = "RKSt9nothrow_t";

    private static readonly (string Name, WrappedFunction Kind, AllocatorKind Allocator)[] s_new =
    [
        ("_Znwm", WrappedFunction.New, AllocatorKind.New),
        ("_Znam", WrappedFunction.New, AllocatorKind.NewArray),
        ("_ZnwmSt11align_val_t", WrappedFunction.NewAligned, AllocatorKind.New),
        ("_ZnamSt11align_val_t", WrappedFunction.NewAligned, AllocatorKind.NewArray),
    ];

    // By what the allocators themselves export.
    private static readonly string[] s_known = ["mallctl", "tc_malloc", "mi_malloc"];

    private static readonly string[] s_delete = ["_ZdlPv", "_ZdaPv"];

    // Its size, its alignment, that it must not throw: of a block that is freed only the address is of interest.
    private static readonly string[] s_deleted = ["", "m", "St11align_val_t", "mSt11align_val_t", Nothrow, "St11align_val_t" + Nothrow];

    /// <summary>What says which handler is called where there is no memory: std::get_new_handler. Null where there is none.</summary>
    public static Address? FindHandler(ObservedTarget target)
    {
        foreach (Module module in target.Modules.Modules)
        {
            if (AllocatorFunctions.FindCode(target, module, "_ZSt15get_new_handlerv") is { } function)
                return function;
        }

        return null;
    }

    /// <param name="found">What was found before, some of which may be the same functions.</param>
    public static void Add(ObservedTarget target, List<AllocatorFunction> found)
    {
        HashSet<Address>? known = null;
        foreach (Module module in target.Modules.Modules)
        {
            if (Find("_Znwm") is null || Find("malloc") is null)
                continue;
            bool isKnown = Array.Exists(s_known, name => Find(name) is not null);
            known ??= [.. found.ConvertAll(function => function.Address)];
            foreach ((string name, WrappedFunction kind, AllocatorKind allocator) in s_new)
            {
                Address? sister = isKnown ? Find(name + Nothrow) : null;
                if (sister is { } calm)
                    Take(calm, WrappedFunction.Malloc, allocator, name + Nothrow);
                if (Find(name) is { } address)
                    Take(address, kind, allocator, name, sister);
            }

            foreach (string name in s_delete)
            {
                foreach (string end in s_deleted)
                {
                    if (Find(name + end) is { } address)
                        Take(address, WrappedFunction.Free, AllocatorKind.Unknown, name + end);
                }
            }

            Address? Find(string name) => AllocatorFunctions.FindCode(target, module, name);

            void Take(Address address, WrappedFunction kind, AllocatorKind allocator, string name, Address? sister = null)
            {
                if (known.Add(address))
                    found.Add(new AllocatorFunction(address, kind, allocator, name, module.Path) { Sister = sister ?? default });
            }
        }
    }
}

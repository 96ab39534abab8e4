using Kaa.Target;

namespace Kaa.Control.Following;

/// <summary>Which image of a process holds CPython, told by its functions alone: there need be no interpreter in it yet.</summary>
internal static class InterpreterImage
{
    /// <summary>Null where none does.</summary>
    public static Module? Find(ObservedTarget target)
    {
        foreach (Module module in target.Modules.Modules)
        {
            if (target.Images.For(module).FindSymbol("PyObject_Malloc") is not null && target.Images.For(module).FindSymbol("PyEval_EvalCode") is not null)
                return module;
        }

        return null;
    }

    /// <summary>False for 2.7, whose functions are the allocators themselves.</summary>
    public static bool HasTables(ObservedTarget target, Module module) => target.Images.For(module).FindSymbol("PyMem_RawMalloc") is not null;
}

using Kaa.Target;

namespace Kaa.Python.Discovery;

/// <summary>In which order the modules of a process are searched: those that are likely to hold the interpreter first.</summary>
internal static class PythonModules
{
    /// <summary>libpython…, the program itself, whatever else has "python" in its name, the rest.</summary>
    public static List<Module> InOrder(ModuleMap modules)
    {
        var groups = new List<Module>[] { [], [], [], [] };
        for (int i = 0; i < modules.Modules.Count; i++)
        {
            Module module = modules.Modules[i];
            groups[Group(module, isFirst: i == 0)].Add(module);
        }

        return [.. groups[0], .. groups[1], .. groups[2], .. groups[3]];
    }

    /// <summary>True for modules that may well hold an interpreter, going by their names; the program itself always may.</summary>
    public static bool IsLikely(Module module, ModuleMap modules) => Group(module, modules.Modules[0] == module) < 3;

    private static int Group(Module module, bool isFirst)
    {
        string name = module.FileName;
        if (name.StartsWith("libpython", StringComparison.Ordinal))
            return 0;
        if (isFirst)
            return 1;
        return name.Contains("python", StringComparison.OrdinalIgnoreCase) ? 2 : 3;
    }

    /// <summary>The version in a name such as <c>libpython3.8.so.1.0</c>, <c>python2.7</c> or a directory <c>python3.12</c>; null where there is none.</summary>
    public static (int Major, int Minor)? VersionInName(string path)
    {
        for (int at = 0; (at = path.IndexOf("python", at, StringComparison.OrdinalIgnoreCase)) >= 0;)
        {
            at += "python".Length;
            int dot = path.IndexOf('.', at);
            if (dot == at + 1 && char.IsAsciiDigit(path[at]))
            {
                int end = dot + 1;
                while (end < path.Length && end < dot + 4 && char.IsAsciiDigit(path[end]))
                    end++;
                if (end > dot + 1)
                    return (path[at] - '0', int.Parse(path.AsSpan((dot + 1)..end)));
            }
        }

        return null;
    }
}

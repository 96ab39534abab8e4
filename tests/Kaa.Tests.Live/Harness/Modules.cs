namespace Kaa.Tests.Live.Harness;

/// <summary>Libraries that eng/pythons unpacks for interpreters that do not come with them.</summary>
public static class Modules
{
    /// <summary>Where the chroot of sid has those of sid.</summary>
    private const string InRoot = "/opt/modules";

    /// <summary>An interpreter that can import the packages of a Debian suite; null where these are not there.</summary>
    public static Interpreter? Of(string suite, Interpreter interpreter)
    {
        string directory = interpreter.Root is null ? Path.Combine(Interpreters.Cache, "modules", suite, "usr/lib/python3/dist-packages") : InRoot;
        if (!Directory.Exists((interpreter.Root ?? "") + directory))
            return null;
        return interpreter with { Launch = ["/usr/bin/env", "PYTHONPATH=" + directory, "PYTHONDONTWRITEBYTECODE=1", .. interpreter.Launch] };
    }

    /// <summary>Pairs of suite and interpreter that can import a module.</summary>
    public static TheoryData<string, string> Able(string module, params ReadOnlySpan<string> suites)
    {
        var data = new TheoryData<string, string>();
        foreach (string suite in suites)
        {
            foreach (Interpreter interpreter in Interpreters.Known)
            {
                if (interpreter.Embedded is null && Of(suite, interpreter) is { } with
                    && Program.Run(with.Launch[0], [.. with.Launch[1..], "-c", "import " + module]).Exit == 0)
                    data.Add(suite, interpreter.Name);
            }
        }

        return data;
    }
}

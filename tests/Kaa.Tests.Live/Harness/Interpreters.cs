using System.Text.Json;

namespace Kaa.Tests.Live.Harness;

/// <summary>Every interpreter of the manifest, as data for theories.</summary>
public static class Interpreters
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNameCaseInsensitive = true };

    /// <summary>The directory in which eng/pythons keeps what it made.</summary>
    public static string Cache { get; private set; } = "";

    public static IReadOnlyList<Interpreter> Known { get; } = Load();

    public static TheoryData<string> All => Where(_ => true);

    /// <summary>The newest and the oldest: enough where the interpreter hardly matters.</summary>
    public static TheoryData<string> Two => Where(interpreter => interpreter.Name is "2.7.18" or "3.13.0");

    /// <summary>Those that are a program called python, and start threads as one expects.</summary>
    public static TheoryData<string> Plain => Where(interpreter => interpreter.Embedded is null);

    /// <summary>One of each kind, for what takes gdb long: old, shared, static and stripped, stripped, free-threaded, in a root of its own.</summary>
    public static TheoryData<string> OfEachKind =>
        Where(interpreter => interpreter.Name is "2.7.18" or "3.11.7" or "3.11-debian" or "3.12.1-stripped" or "3.13t" or "3.14-sid");

    /// <summary>Those that are a program called python, in the host's own root.</summary>
    public static TheoryData<string> Hosted => Where(interpreter => interpreter.Embedded is null && interpreter.Root is null);

    public static Interpreter Named(string name) => Known.Single(interpreter => interpreter.Name == name);

    /// <summary>An ordinary one, for tests that need any.</summary>
    public static Interpreter Any => Known.FirstOrDefault(interpreter => interpreter.Name == "3.11.7") ?? Known.First(interpreter => interpreter.Root is null);

    private static TheoryData<string> Where(Func<Interpreter, bool> wanted)
    {
        var data = new TheoryData<string>();
        foreach (Interpreter interpreter in Known.Where(wanted))
            data.Add(interpreter.Name);
        return data;
    }

    private static Interpreter[] Load()
    {
        ProgramResult manifest = Program.Run(Path.Combine(Repository.Root, "eng", "pythons"), ["--manifest"], TimeSpan.FromMinutes(30));
        Cache = Path.GetDirectoryName(manifest.Output.Trim())!;
        return JsonSerializer.Deserialize<Interpreter[]>(File.ReadAllText(manifest.Output.Trim()), Options)!;
    }
}

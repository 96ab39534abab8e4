namespace Kaa.Tests.Live.Harness;

/// <summary>Where things are, seen from wherever the tests were built.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The published binary; KAA_BINARY names another one.</summary>
    public static string Kaa { get; } =
        Existing(Environment.GetEnvironmentVariable("KAA_BINARY") ?? Path.Combine(Root, "artifacts", "kaa"), "run eng/publish first");

    public static string Fixture(string name) => Existing(Path.Combine(Root, "tests", "fixtures", name), "it is part of the repository");

    /// <summary>The line of a fixture that ends with "# line: MARK", from 1 on.</summary>
    public static int LineOf(string mark, string fixture) => Line(fixture, line => line.EndsWith("# line: " + mark, StringComparison.Ordinal));

    /// <summary>The first line in a function of a fixture.</summary>
    public static int LineIn(string function, string fixture) => Line(fixture, line => line.StartsWith($"def {function}(", StringComparison.Ordinal)) + 1;

    /// <summary>Source of a program that must be C.</summary>
    public static string Program(string name) => Existing(Path.Combine(Root, "tests", "programs", name), "it is part of the repository");

    private static int Line(string fixture, Predicate<string> isIt)
    {
        int index = Array.FindIndex(File.ReadAllLines(Fixture(fixture)), isIt);
        return index >= 0 ? index + 1 : throw new InvalidOperationException(fixture + " has no such line");
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Kaa.slnx")))
                return directory.FullName;
        }

        throw new InvalidOperationException("the tests do not run from within the repository");
    }

    private static string Existing(string path, string remedy) =>
        File.Exists(path) ? path : throw new InvalidOperationException($"{path} does not exist: {remedy}");
}

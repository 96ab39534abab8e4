namespace Kaa.Tests.Live.Harness;

/// <summary>Programs and libraries that a test compiles, in a directory that goes with it.</summary>
/// <param name="root">Of a chroot that is to see them; null for the host's.</param>
internal sealed class CompiledLibraries(string? root = null) : IDisposable
{
    /// <summary>As the processes of the test see it.</summary>
    public string Directory { get; } = "/tmp/kaa-lib-" + Guid.NewGuid().ToString("N")[..8];

    /// <summary>As the host sees it.</summary>
    public string HostDirectory => System.IO.Directory.CreateDirectory(root + Directory).FullName;

    /// <summary>Compiles C; gives the path as the processes see it.</summary>
    public string Compile(string name, string source, params string[] flags) => CompileBy("gcc", name, source, flags);

    private string CompileBy(string compiler, string name, string source, string[] flags)
    {
        string output = Path.Combine(HostDirectory, name);
        string file = output + ".c";
        File.WriteAllText(file, source);
        ProgramResult result = Program.Run(compiler, ["-o", output, file, .. flags]);
        result.Exit.ShouldBe(0, result.Error);
        return Directory + "/" + name;
    }

    public string Library(string name, string source, params string[] flags) => Compile(name, source, ["-shared", "-fPIC", "-Wl,-soname," + name, .. flags]);

    /// <summary>The same of C++.</summary>
    public string CxxLibrary(string name, string source, params string[] flags) => CompileBy("g++", name, source, ["-shared", "-fPIC", "-Wl,-soname," + name, .. flags]);

    public string Write(string name, byte[] content)
    {
        File.WriteAllBytes(Path.Combine(HostDirectory, name), content);
        return Directory + "/" + name;
    }

    public void Dispose()
    {
        if (System.IO.Directory.Exists(root + Directory))
            System.IO.Directory.Delete(root + Directory, recursive: true);
    }
}

using System.Text;
using System.Text.RegularExpressions;

namespace Kaa.Tests.Live.Harness;

/// <summary>
/// An interpreter in a directory of its own, with a loader, a C library and all other libraries of its own, so that a test may do to them
/// what an upgrade does. Only the standard library's Python files are shared.
/// </summary>
internal sealed partial class PrivateCopy : IDisposable
{
    private readonly string _host;
    private readonly List<string> _files = [];

    /// <param name="fixture">Is run once, to see what is loaded.</param>
    /// <param name="before">What to put before the whole command line.</param>
    public PrivateCopy(Interpreter interpreter, string fixture, params string[] before)
    {
        string root = interpreter.Root ?? "";
        // Short: the name of the loader must fit in place of the one that the program has.
        string place = "/tmp/k" + Guid.NewGuid().ToString("N")[..8];
        _host = root + place;
        Executable = CopyAll(interpreter, fixture, place);
        string[] world =
        [
            "/usr/bin/env", $"LD_LIBRARY_PATH={place}/lib", "PYTHONHOME=" + Ask(interpreter, "sys.prefix"), $"PYTHONPATH={place}/dyn",
        ];
        string[] chroot = interpreter.Root is null ? [] : ["/usr/sbin/chroot", interpreter.Root];
        string program = place + "/bin/" + Path.GetFileName(Executable);
        Interpreter = interpreter with { Launch = [.. before, .. world, .. chroot, program], Executable = Executable };
    }

    public Interpreter Interpreter { get; }

    /// <summary>As the host sees it.</summary>
    public string Executable { get; }

    /// <summary>Every file that was copied, as the host sees it: what an upgrade replaces.</summary>
    public IReadOnlyList<string> Files => _files;

    public void DeleteAll()
    {
        foreach (string file in _files)
            File.Delete(file);
    }

    /// <summary>
    /// Puts another build at each path, by renaming, as package managers do: the libraries of another distribution, the program and libpython of
    /// another Python. What has no other build is stripped, and keeps its build-id as <c>strip</c> leaves it.
    /// </summary>
    public void ReplaceAll()
    {
        foreach (string file in _files)
        {
            if (OtherBuild(file) is { } other)
                File.Copy(other, file + ".new", overwrite: true);
            else
                Program.Run("strip", ["-o", file + ".new", file]).Exit.ShouldBe(0);
            File.Move(file + ".new", file, overwrite: true);
        }
    }

    public void Dispose() => Directory.Delete(_host, recursive: true);

    private string? OtherBuild(string file)
    {
        const string Libraries = "/usr/lib/x86_64-linux-gnu/";
        string name = Path.GetFileName(file);
        Interpreter[] others = [.. Interpreters.Known.Where(other => other.Embedded is null && other.Version != Interpreter.Version)];
        if (file == Executable)
            return others[0].Executable;
        if (name.StartsWith("libpython", StringComparison.Ordinal))
            return others.SelectMany(other => Directory.GetFiles(Path.GetDirectoryName(other.Executable)! + "/../lib", "libpython?.*.so.1.0")).FirstOrDefault();
        if (name == "ld.so")
            name = "ld-linux-x86-64.so.2";
        string elsewhere = (Interpreter.Root is null ? Interpreters.Known.FirstOrDefault(other => other.Root is not null)?.Root : "") + Libraries + name;
        return Interpreter.Libc == "glibc" && File.Exists(elsewhere) ? elsewhere : null;
    }

    private string CopyAll(Interpreter interpreter, string fixture, string place)
    {
        foreach (string directory in (string[])["bin", "lib", "dyn"])
            Directory.CreateDirectory(Path.Combine(_host, directory));
        string program = interpreter.Executable!;
        foreach (string file in Loaded(interpreter, fixture))
        {
            if (file != program)
                Keep(file, Path.Combine(_host, PlaceOf(file)));
        }

        string copy = Path.Combine(_host, "bin", Path.GetFileName(program));
        Keep(program, copy);
        GiveLoader(copy, place + "/ld.so");
        return copy;
    }

    private static string PlaceOf(string file)
    {
        string name = Path.GetFileName(file);
        if (Loader().IsMatch(name))
            return "ld.so";
        if (file.Contains("lib-dynload", StringComparison.Ordinal) || file.Contains("site-packages", StringComparison.Ordinal))
            return "dyn/" + name;
        Match soname = Soname().Match(Program.Run("readelf", ["-dW", file]).Output);
        return "lib/" + (soname.Success ? soname.Groups[1].Value : name);
    }

    private void Keep(string file, string copy)
    {
        File.Copy(file, copy, overwrite: true);
        _files.Add(copy);
    }

    /// <summary>All ELF files that a process of it has mapped.</summary>
    private static string[] Loaded(Interpreter interpreter, string fixture)
    {
        using PythonChild child = PythonChild.Start(interpreter, fixture);
        return [.. File.ReadLines($"/proc/{child.Pid}/maps")
            .Where(line => line.Contains(" r-xp ", StringComparison.Ordinal) && line.Contains('/') && !line.EndsWith(" (deleted)", StringComparison.Ordinal))
            .Select(line => line[line.IndexOf('/')..]).Distinct()];
    }

    /// <summary>Writes another PT_INTERP over the one that the program has.</summary>
    private static void GiveLoader(string program, string loader)
    {
        byte[] bytes = File.ReadAllBytes(program);
        string old = Requested().Match(Program.Run("readelf", ["-lW", program]).Output).Groups[1].Value;
        old.Length.ShouldBeGreaterThanOrEqualTo(loader.Length);
        int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(old + '\0'));
        bytes.AsSpan(at, old.Length).Clear();
        Encoding.ASCII.GetBytes(loader).CopyTo(bytes.AsSpan(at));
        File.WriteAllBytes(program, bytes);
    }

    private static string Ask(Interpreter interpreter, string expression) =>
        Program.Run(interpreter.Launch[0], [.. interpreter.Launch[1..], "-c", $"import sys; sys.stdout.write({expression})"]).Output;

    [GeneratedRegex(@"^ld-.*\.so")]
    private static partial Regex Loader();

    [GeneratedRegex(@"soname: \[(.*)\]")]
    private static partial Regex Soname();

    [GeneratedRegex(@"program interpreter: (.*)\]")]
    private static partial Regex Requested();
}

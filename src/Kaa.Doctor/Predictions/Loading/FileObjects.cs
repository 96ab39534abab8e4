using Kaa.Doctor.Predictions.Linking;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Target;

namespace Kaa.Doctor.Predictions.Loading;

/// <summary>Libraries as files: opened, and judged by what the loader checks first (elf/dl-load.c, open_verify and _dl_map_object_from_fd).</summary>
internal sealed class FileObjects(ITargetFiles files, bool isMusl) : IDisposable
{
    private readonly List<ElfFile> _opened = [];

    /// <summary>Null with a problem where it is nothing that a loader takes.</summary>
    public LinkedObject? Open(string path, LinkedObject? by, bool isProgram, out LoadProblem? problem)
    {
        problem = null;
        Stream? stream = files.OpenRead(path);
        if (stream is null)
        {
            problem = new LoadProblem("missing", isMusl ? Musl(path, "No such file or directory") : $"{path}: cannot open shared object file: No such file or directory", []);
            return null;
        }

        try
        {
            ElfIdentity identity = IdentityOf(stream);
            if (identity.Verdict != ElfVerdict.Supported)
            {
                problem = stream.Length < (long)ElfHeader.Size && !isMusl
                    ? new LoadProblem("no-library", $"{path}: file too short", [Text($"{path} has {stream.Length} bytes")])
                    : Foreign(path, identity);
                stream.Dispose();
                return null;
            }

            ElfFile file = ElfFile.Open(stream);
            _opened.Add(file);
            return OpenImage(path, file, by, isProgram, out problem);
        }
        catch (BadData damage)
        {
            problem = new LoadProblem("damaged", $"{path}: {damage.Message}", []);
            return null;
        }
    }

    public void Dispose()
    {
        foreach (ElfFile file in _opened)
            file.Dispose();
        _opened.Clear();
    }

    private static string Text(FormattableString text) => text.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static ElfIdentity IdentityOf(Stream stream)
    {
        Span<byte> start = stackalloc byte[ElfIdentity.Length];
        int got = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return ElfIdentity.Of(start[..got]);
    }

    private static string Musl(string path, string reason) => $"Error loading shared library {path}: {reason}";

    private LoadProblem Foreign(string path, ElfIdentity identity) => identity.Verdict switch
    {
        ElfVerdict.NotElf when isMusl => new LoadProblem("no-library", Musl(path, "Exec format error"), [$"{path} is no ELF file"]),
        ElfVerdict.Elf32 => new LoadProblem("wrong-class", $"{path}: wrong ELF class: ELFCLASS32", [$"{path} is for {identity.MachineName}, 32 bits"]),
        ElfVerdict.NotElf => new LoadProblem("no-library", $"{path}: invalid ELF header", [$"{path} is no ELF file"]),
        _ => new LoadProblem("wrong-machine", $"{path} is for {identity.MachineName}, the process is of x86_64", []),
    };

    private static LinkedObject? OpenImage(string path, ElfFile file, LinkedObject? by, bool isProgram, out LoadProblem? problem)
    {
        problem = file.Header.Type switch
        {
            ElfType.SharedObject => null,
            ElfType.Executable when isProgram => null,
            ElfType.Executable => new LoadProblem("program", $"{path}: cannot dynamically load executable", []),
            _ => new LoadProblem("no-library", $"{path}: only ET_DYN and ET_EXEC can be loaded", [$"e_type {(int)file.Header.Type}"]),
        };
        if (problem is not null)
            return null;
        if (new ElfFileMemory(file).Image() is not { } image || image.Linkage is not { } linkage)
        {
            problem = new LoadProblem("no-library", $"{path}: object file has no dynamic section", []);
            return null;
        }

        if (linkage.IsProgram && !isProgram)
            problem = new LoadProblem("program", $"{path}: cannot dynamically load position-independent executable", ["DT_FLAGS_1: DF_1_PIE"]);
        return problem is null ? new LinkedObject(path, image, linkage) { Loader = by, IsProgram = isProgram } : null;
    }
}

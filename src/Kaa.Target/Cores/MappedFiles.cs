using System.Runtime.InteropServices;
using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.ProcText;

namespace Kaa.Target.Cores;

/// <summary>All files that the process had mapped, by address.</summary>
internal sealed class MappedFiles : IDisposable
{
    private const string DeletedMark = " (deleted)";

    private readonly List<(CoreFileMapping Mapping, MappedFile File)> _places = [];
    private readonly List<MappedFile> _files = [];

    /// <param name="mappings">In order of address, apart from each other.</param>
    /// <param name="prefix">What stands before each path that the process itself did not see; empty for nothing.</param>
    public MappedFiles(IReadOnlyList<CoreFileMapping> mappings, string prefix, IMemory dumped, FileSearch search)
    {
        int start = 0;
        for (int i = 1; i <= mappings.Count; i++)
        {
            // The file's beginning once more: loaded a second time.
            bool continues = i < mappings.Count && mappings[i].Path == mappings[start].Path && mappings[i].Offset != 0;
            if (continues)
                continue;
            var own = new CoreFileMapping[i - start];
            for (int j = 0; j < own.Length; j++)
                own[j] = mappings[start + j];
            Add(own, prefix, dumped, search);
            start = i;
        }
    }

    public IReadOnlyList<MappedFile> All => _files;

    public (CoreFileMapping Mapping, MappedFile File)? Find(Address address)
    {
        int index = IndexBehind(address) - 1;
        return index >= 0 && address < _places[index].Mapping.End ? _places[index] : null;
    }

    /// <summary>Where the first mapping behind an address begins; the highest address where there is none.</summary>
    public Address NextStart(Address address)
    {
        int index = IndexBehind(address);
        return index < _places.Count ? _places[index].Mapping.Start : new Address(ulong.MaxValue);
    }

    private int IndexBehind(Address address) => BinarySearch.CountFirst(CollectionsMarshal.AsSpan(_places), address, static (place, at) => place.Mapping.Start <= at);

    /// <summary>The program: what the kernel told the process of its own headers and entry lies in it.</summary>
    public MappedFile? FindProgram(AuxiliaryVector? auxiliary)
    {
        foreach (AuxiliaryKey key in (ReadOnlySpan<AuxiliaryKey>)[AuxiliaryKey.ProgramHeaders, AuxiliaryKey.Entry])
        {
            if (auxiliary?[key] is { } address && Find(new Address(address)) is { } place)
                return place.File;
        }

        foreach (MappedFile file in _files)
        {
            if (file.Image?.ProgramHeaders.Any(header => header.Type == Formats.Elf.ElfSegmentType.Interpreter) == true)
                return file;
        }

        return null;
    }

    public void Dispose()
    {
        foreach (MappedFile file in _files)
            file.Dispose();
    }

    private void Add(CoreFileMapping[] mappings, string prefix, IMemory dumped, FileSearch search)
    {
        string path = mappings[0].Path;
        bool deleted = path.EndsWith(DeletedMark, StringComparison.Ordinal);
        if (deleted)
            path = path[..^DeletedMark.Length];
        if (prefix.Length > 0 && path.StartsWith(prefix, StringComparison.Ordinal) && path.Length > prefix.Length && path[prefix.Length] == '/')
            path = path[prefix.Length..];
        var file = new MappedFile(path, deleted, mappings, dumped, search);
        _files.Add(file);
        foreach (CoreFileMapping mapping in mappings)
            _places.Add((mapping, file));
    }
}

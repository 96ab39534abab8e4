using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Linux.Registers;
using Kaa.Target;

namespace Kaa.Control.Remote;

/// <summary>
/// A place for <see cref="X64CallStub"/> in a process: the end of the last page of a library's code, where the file has nothing but zeros behind
/// the last function. Always the same place for the same program, so that a later Kaa finds what an earlier one has left.
/// </summary>
public sealed class RemoteRoom
{
    private RemoteRoom(Address stub, string path)
    {
        Stub = stub;
        Path = path;
    }

    public Address Stub { get; }

    /// <summary>The file whose code it lies behind.</summary>
    public string Path { get; }

    /// <summary>Null where no mapped program has that much room.</summary>
    public static RemoteRoom? Find(ObservedTarget target)
    {
        IMemory memory = target.Glance();
        for (int rank = 0; rank <= LastRank; rank++)
        {
            for (int i = 0; i < target.Modules.Modules.Count; i++)
            {
                Module module = target.Modules.Modules[i];
                if (Rank(module, i) == rank && FindIn(module, target, memory) is { } stub)
                    return new RemoteRoom(stub, module.Path);
            }
        }

        return null;
    }

    private const int LastRank = 4;

    private static int Rank(Module module, int place)
    {
        string name = module.FileName;
        if (name.StartsWith("libc.so", StringComparison.Ordinal) || name.StartsWith("libc-2.", StringComparison.Ordinal) || name.StartsWith("ld-musl", StringComparison.Ordinal))
            return 0;
        if (name.StartsWith("ld-", StringComparison.Ordinal))
            return 1;
        if (name.StartsWith("libpython", StringComparison.Ordinal))
            return 2;
        return place == 0 ? 3 : LastRank;
    }

    private static Address? FindIn(Module module, ObservedTarget target, IMemory memory)
    {
        foreach (Mapping mapping in module.Mappings)
        {
            if (!mapping.IsFile || !mapping.Can(MappingAccess.Read | MappingAccess.Execute)
                || mapping.Can(MappingAccess.Shared) || mapping.Can(MappingAccess.Write) || mapping.Length < X64CallStub.Size)
                continue;
            Address stub = mapping.End - X64CallStub.Size;
            if (IsBehindCode(target.Images.For(module), mapping, stub) && IsFree(memory, stub))
                return stub;
        }

        return null;
    }

    private static bool IsBehindCode(ModuleImage image, Mapping mapping, Address stub)
    {
        foreach (ElfSegment segment in image.Segments)
        {
            if (segment.Flags.HasFlag(ElfSegmentFlags.Execute) && segment.Start >= mapping.Start && segment.Start < mapping.End)
                return segment.End <= stub;
        }

        return false;
    }

    private static bool IsFree(IMemory memory, Address stub)
    {
        Span<byte> bytes = stackalloc byte[X64CallStub.Size];
        return memory.TryReadExactly(stub, bytes)
            && (!bytes.ContainsAnyExcept((byte)0) || bytes.StartsWith(X64CallStub.Mark));
    }
}

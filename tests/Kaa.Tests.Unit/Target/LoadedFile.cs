using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Formats.ProcText;
using Kaa.Results;
using Kaa.Target;

namespace Kaa.Tests.Unit.Target;

/// <summary>A target that has one ELF file loaded, as the loader would: its segments in memory, the file where one puts it.</summary>
internal sealed class LoadedFile : ObservedTarget
{
    public const ulong Bias = 0x7f0000000000;
    public const string ModulePath = "/opt/lib/libx.so";

    private const ulong PageMask = 0xfff;

    public LoadedFile(byte[] bytes)
    {
        var memory = new FakeMemory();
        var mappings = new List<Mapping>();
        using ElfFile file = ElfFile.Open(bytes);
        foreach (ElfProgramHeader header in file.ProgramHeaders)
        {
            if (header.Type != ElfSegmentType.Load)
                continue;
            ulong before = header.VirtualAddress & PageMask;
            ulong start = Bias + header.VirtualAddress - before;
            ulong size = (header.MemorySize + before + PageMask) & ~PageMask;
            byte[] content = new byte[size];
            bytes.AsSpan((int)(header.Offset - before), (int)(header.FileSize + before)).CopyTo(content);
            memory.Add(new Address(start), content);
            MappingAccess access = MappingAccess.Read | (header.Flags.HasFlag(ElfSegmentFlags.Execute) ? MappingAccess.Execute : 0);
            mappings.Add(new Mapping(new Address(start), new Address(start + size), access, header.Offset - before, 0, 1, ModulePath, false));
        }

        Constants = memory;
        Mappings = mappings;
        Modules = new ModuleMap(mappings);
    }

    public FakeTargetFiles Fake { get; } = new();

    public override TargetInfo Info { get; } = new() { Kind = TargetKind.Process, Pid = 1 };

    public override IMemory Constants { get; }

    public override IReadOnlyList<Mapping> Mappings { get; }

    public override ModuleMap Modules { get; }

    public override ITargetFiles Files => Fake;

    public override double? StartedAt => null;

    public override IMemory Glance() => Constants;

    public override LookResult Observe(ILookObserver observer, LookOptions options) => throw new NotSupportedException();
}

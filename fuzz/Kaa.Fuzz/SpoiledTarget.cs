using Kaa.Formats;
using Kaa.Formats.ProcText;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Cores;

namespace Kaa.Fuzz;

/// <summary>A core behind a memory that watches or spoils what is read.</summary>
internal sealed class SpoiledTarget(CoreTarget core, SpoiledMemory.IReader reader, bool images) : ObservedTarget
{
    public override TargetInfo Info => core.Info;

    public override IMemory Constants { get; } = images ? new SpoiledMemory(core.Constants, reader) : core.Constants;

    public override IReadOnlyList<Mapping> Mappings => core.Mappings;

    public override ModuleMap Modules => core.Modules;

    public override ITargetFiles Files => core.Files;

    public override double? StartedAt => null;

    public override IMemory Glance() => new SpoiledMemory(core.Glance(), reader);

    public override LookResult Observe(ILookObserver observer, LookOptions options) => core.Observe(new Between(observer, reader), options);

    private sealed class Between(ILookObserver observer, SpoiledMemory.IReader reader) : ILookObserver
    {
        public void Read(Look look) => observer.Read(new Look(new SpoiledMemory(look.Memory, reader), look.Threads, look.Wanted, look.Pass));
    }
}

internal sealed class SpoiledMemory(IMemory inner, SpoiledMemory.IReader reader) : IMemory
{
    public interface IReader
    {
        void Read(Address address, Span<byte> bytes);
    }

    public int Read(Address address, Span<byte> buffer)
    {
        int count = inner.Read(address, buffer);
        if (count > 0)
            reader.Read(address, buffer[..count]);
        return count;
    }

    /// <summary>Which bytes are changed, and to what.</summary>
    public sealed class Plan : IReader
    {
        private readonly (ulong Address, byte[] Bytes)[] _changes;
        private readonly int _mostReads;
        private int _reads;

        public Plan(ReadPlaces places, Random random, int count, int mostReads)
        {
            _mostReads = mostReads;
            _changes = new (ulong, byte[])[count];
            for (int i = 0; i < count; i++)
            {
                (ulong address, byte[] bytes) = places.Any(random);
                byte[] changed = (byte[])bytes.Clone();
                if (random.Next(3) == 0 && changed.Length >= 8)
                    BitConverter.TryWriteBytes(changed.AsSpan(random.Next(changed.Length / 8) * 8), places.Any(random).Address);
                else
                    Damage.One(changed, random);
                _changes[i] = (address, changed);
            }
        }

        public void Read(Address address, Span<byte> bytes)
        {
            if (++_reads > _mostReads)
                throw new InvalidOperationException("a look that does not end");
            foreach ((ulong place, byte[] changed) in _changes)
            {
                // Where the two overlap.
                ulong from = Math.Max(place, address.Value);
                ulong to = Math.Min(place + (ulong)changed.Length, unchecked(address.Value + (ulong)bytes.Length));
                if (from < to)
                    changed.AsSpan((int)(from - place), (int)(to - from)).CopyTo(bytes[(int)(from - address.Value)..]);
            }
        }

        public override string ToString() => string.Join(' ', _changes.Select(change => $"{change.Address:x}:{Convert.ToHexStringLower(change.Bytes)}"));
    }
}

/// <summary>The small reads of a good look, each place once.</summary>
internal sealed class ReadPlaces : SpoiledMemory.IReader
{
    private const int MostBytes = 64;

    private readonly HashSet<ulong> _seen = [];
    private readonly List<(ulong Address, byte[] Bytes)> _places = [];

    public int Count => _places.Count;

    public void Read(Address address, Span<byte> bytes)
    {
        // Of larger ones a part here and there: a stack that is copied would else be most of all.
        int step = Math.Max(MostBytes, bytes.Length / 64);
        for (int start = 0; start < bytes.Length; start += step)
        {
            if (_seen.Add(address.Value + (ulong)start))
                _places.Add((address.Value + (ulong)start, bytes.Slice(start, Math.Min(MostBytes, bytes.Length - start)).ToArray()));
        }
    }

    public (ulong Address, byte[] Bytes) Any(Random random) => _places[random.Next(_places.Count)];
}

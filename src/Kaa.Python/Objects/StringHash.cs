using System.Buffers.Binary;
using System.Numerics;
using Kaa.Formats;

namespace Kaa.Python.Objects;

/// <summary>
/// <c>hash()</c> of a str of ASCII, as the interpreter computes it with its own random secret (<c>_Py_HashSecret</c>), so that a key is
/// found in a dict without reading all the others: each lies on another page as a rule.
/// </summary>
internal sealed class StringHash
{
    private readonly ulong _first;
    private readonly ulong _second;
    private readonly Algorithm _algorithm;

    public StringHash(PythonVersion version, ulong first, ulong second)
    {
        (_first, _second) = (first, second);
        _algorithm = version.Major == 2 ? Algorithm.Multiplicative : version.AtLeast(3, 11) ? Algorithm.SipHash13 : Algorithm.SipHash24;
    }

    private enum Algorithm
    {
        /// <summary>string_hash, Objects/stringobject.c of 2.7.</summary>
        Multiplicative,

        /// <summary>PEP 456, Python/pyhash.c.</summary>
        SipHash24,

        /// <summary>Since 3.11 (bpo-29410).</summary>
        SipHash13,
    }

    /// <summary>
    /// A key was found by its hash: so one that is not found by it is not there. Before, the build may as well use another algorithm
    /// (<c>--with-hash-algorithm</c>).
    /// </summary>
    public bool IsProved { get; set; }

    /// <summary>Null where the secret can't be read.</summary>
    public static StringHash? Read(IMemory memory, Address secret, PythonVersion version) =>
        memory.TryRead(secret, out ulong first) && memory.TryRead(secret + 8, out ulong second) ? new StringHash(version, first, second) : null;

    /// <summary>Null for text that is not ASCII: it would have to be hashed as it is stored.</summary>
    public long? Of(string text)
    {
        Span<byte> bytes = text.Length <= 256 ? stackalloc byte[text.Length] : new byte[text.Length];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] >= 0x80)
                return null;
            bytes[i] = (byte)text[i];
        }

        return text.Length == 0 ? 0 : Valid(unchecked((long)Hash(bytes)));
    }

    /// <summary>−1 stands for an error in C.</summary>
    private static long Valid(long hash) => hash == -1 ? -2 : hash;

    private ulong Hash(ReadOnlySpan<byte> bytes) => _algorithm switch
    {
        Algorithm.Multiplicative => Multiplicative(bytes),
        Algorithm.SipHash24 => SipHash(bytes, 2, 4),
        _ => SipHash(bytes, 1, 3),
    };

    private ulong Multiplicative(ReadOnlySpan<byte> bytes)
    {
        const ulong Multiplier = 1000003;
        ulong hash = _first ^ ((ulong)bytes[0] << 7);
        foreach (byte one in bytes)
            hash = unchecked(Multiplier * hash) ^ one;
        return hash ^ (ulong)bytes.Length ^ _second;
    }

    /// <summary>Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.</summary>
    private ulong SipHash(ReadOnlySpan<byte> bytes, int rounds, int lastRounds)
    {
        var state = new SipState(_first, _second);
        ulong last = (ulong)bytes.Length << 56;
        for (; bytes.Length >= 8; bytes = bytes[8..])
            state.Absorb(BinaryPrimitives.ReadUInt64LittleEndian(bytes), rounds);
        for (int i = 0; i < bytes.Length; i++)
            last |= (ulong)bytes[i] << (8 * i);
        state.Absorb(last, rounds);
        return state.Finish(lastRounds);
    }

    private struct SipState(ulong key0, ulong key1)
    {
        private ulong _v0 = key0 ^ 0x736f6d6570736575;
        private ulong _v1 = key1 ^ 0x646f72616e646f6d;
        private ulong _v2 = key0 ^ 0x6c7967656e657261;
        private ulong _v3 = key1 ^ 0x7465646279746573;

        public void Absorb(ulong word, int rounds)
        {
            _v3 ^= word;
            Rounds(rounds);
            _v0 ^= word;
        }

        public ulong Finish(int rounds)
        {
            _v2 ^= 0xff;
            Rounds(rounds);
            return _v0 ^ _v1 ^ _v2 ^ _v3;
        }

        private void Rounds(int count)
        {
            for (int i = 0; i < count; i++)
            {
                HalfRound(ref _v0, ref _v1, ref _v2, ref _v3, 13, 16);
                HalfRound(ref _v2, ref _v1, ref _v0, ref _v3, 17, 21);
            }
        }

        private static void HalfRound(ref ulong a, ref ulong b, ref ulong c, ref ulong d, int first, int second)
        {
            unchecked
            {
                a += b;
                c += d;
            }

            b = BitOperations.RotateLeft(b, first) ^ a;
            d = BitOperations.RotateLeft(d, second) ^ c;
            a = BitOperations.RotateLeft(a, 32);
        }
    }
}

using System.Globalization;
using System.Text;

namespace Kaa.Control.Tracing.Decoding;

/// <summary>Names of the values of one kind of argument.</summary>
public sealed class FlagSet
{
    private static readonly Dictionary<string, FlagSet> s_known = [];

    private readonly ulong _mask;
    private readonly List<(ulong Value, string Name)> _values = [];
    private readonly List<(ulong Value, string Name)> _bits = [];

    private FlagSet(ulong mask) => _mask = mask;

    /// <summary>Null for a kind that has no line in <see cref="FlagNames"/>.</summary>
    internal static FlagSet? Find(string kind)
    {
        lock (s_known)
        {
            if (s_known.TryGetValue(kind, out FlagSet? known))
                return known;
            ReadOnlySpan<byte> text = FlagNames.Text;
            foreach (Range range in text.Split((byte)'\n'))
            {
                string line = Encoding.ASCII.GetString(text[range]);
                if (line.StartsWith(kind + " ", StringComparison.Ordinal))
                    return s_known[kind] = Parse(line);
            }

            return null;
        }
    }

    /// <summary><c>O_WRONLY|O_CREAT|0x40000000</c>; what has no name is a number.</summary>
    public string Show(ulong value)
    {
        var text = new StringBuilder();
        ulong rest = value;
        if (_mask != 0 || value == 0)
        {
            ulong plain = value & _mask;
            foreach ((ulong known, string name) in _values)
            {
                if (known != plain)
                    continue;
                text.Append(name);
                rest &= ~_mask;
                break;
            }
        }

        foreach ((ulong bits, string name) in _bits)
        {
            if ((rest & bits) != bits)
                continue;
            Append(text, name);
            rest &= ~bits;
        }

        if (rest != 0 || text.Length == 0)
            Append(text, rest < 10 ? rest.ToString(CultureInfo.InvariantCulture) : "0x" + rest.ToString("x", CultureInfo.InvariantCulture));
        return text.ToString();
    }

    private static void Append(StringBuilder text, string name)
    {
        if (text.Length > 0)
            text.Append('|');
        text.Append(name);
    }

    private static FlagSet Parse(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var set = new FlagSet(Number(words[1]));
        for (int i = 2; i < words.Length; i++)
        {
            int at = words[i].IndexOf('=');
            ulong value = Number(words[i][(at + 1)..]);
            (value == 0 || (value & set._mask) == value ? set._values : set._bits).Add((value, words[i][..at]));
        }

        set.PutWidestFirst();
        return set;
    }

    /// <summary>Names of several bits come before those of one of them (O_SYNC before O_DSYNC), the others stay in their order.</summary>
    private void PutWidestFirst()
    {
        int front = 0;
        for (int i = 0; i < _bits.Count; i++)
        {
            if (System.Numerics.BitOperations.PopCount(_bits[i].Value) < 2)
                continue;
            (ulong Value, string Name) wide = _bits[i];
            _bits.RemoveAt(i);
            _bits.Insert(front++, wide);
        }
    }

    private static ulong Number(string text) => ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}

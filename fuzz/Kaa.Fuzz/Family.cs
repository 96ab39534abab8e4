namespace Kaa.Fuzz;

/// <summary>A parser, or several that belong together, with good input for them.</summary>
internal abstract class Family : IDisposable
{
    public abstract string Name { get; }

    /// <summary>Bytes that one case may allocate: several times what the largest good input takes.</summary>
    public virtual long AllowedBytes => 256L << 20;

    /// <summary>Runs one case. Whatever it throws is judged by the caller.</summary>
    /// <param name="random">Of the case's own seed.</param>
    public abstract void Run(Random random);

    /// <summary>What the last case looked like, for the report of a finding.</summary>
    public virtual string Describe() => "";

    public virtual void Dispose()
    {
    }
}

/// <summary>Inputs that are bytes: each case damages one of them.</summary>
internal sealed class BytesFamily(string name, IReadOnlyList<Sample> samples, Action<byte[], Sample> parse) : Family
{
    private byte[] _last = [];
    private Sample? _sample;

    public override string Name => name;

    public override void Run(Random random)
    {
        _sample = samples[random.Next(samples.Count)];
        _last = Damage.Of(_sample.Bytes, _sample.Parts, random);
        parse(_last, _sample);
    }

    /// <summary>The bytes that differ, which is enough to make a unit test of it.</summary>
    public override string Describe()
    {
        var text = new System.Text.StringBuilder($"{_sample?.Name}, {_last.Length} of {_sample?.Bytes.Length} bytes");
        for (int i = 0, told = 0; i < _last.Length && told < 64; i++)
        {
            if (_sample is null || _last[i] == _sample.Bytes[i])
                continue;
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $" {i:x}:{_last[i]:x2}");
            told++;
        }

        return text.ToString();
    }
}

/// <param name="Parts">Where to damage it; anywhere where there are none.</param>
/// <param name="Address">An address that means something to the parser: the start of a function.</param>
internal sealed record Sample(string Name, byte[] Bytes, IReadOnlyList<Range> Parts, ulong Address = 0, ulong Size = 0);

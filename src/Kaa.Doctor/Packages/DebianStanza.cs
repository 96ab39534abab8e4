using System.Text;

namespace Kaa.Doctor.Packages;

/// <summary>One paragraph of a control file (deb-control(5)): fields in lines, a blank line behind it.</summary>
internal sealed class DebianStanza(ReadOnlyMemory<byte> text)
{
    /// <summary>The value of a field in one line, as most are; null where there is none.</summary>
    public string? this[string field]
    {
        get
        {
            ReadOnlySpan<byte> value = Raw(Encoding.ASCII.GetBytes(field + ":"));
            return value.IsEmpty ? null : Encoding.UTF8.GetString(value).Trim();
        }
    }

    /// <summary>True where a field's value has these words; spares making a string of one that may be long.</summary>
    public bool Has(string field, ReadOnlySpan<byte> word) => Raw(Encoding.ASCII.GetBytes(field + ":")).IndexOf(word) >= 0;

    /// <summary>All paragraphs of a package: one for each architecture or version.</summary>
    public static IEnumerable<DebianStanza> All(ReadOnlyMemory<byte> text, string package)
    {
        byte[] name = Encoding.UTF8.GetBytes("Package: " + package + "\n");
        while (true)
        {
            int at = text.Span.IndexOf(name);
            if (at < 0)
                yield break;
            ReadOnlyMemory<byte> rest = text[at..];
            int end = rest.Span.IndexOf("\n\n"u8);
            if (at == 0 || text.Span[at - 1] == '\n')
                yield return new DebianStanza(end < 0 ? rest : rest[..(end + 1)]);
            if (end < 0)
                yield break;
            text = rest[(end + 1)..];
        }
    }

    private ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> field)
    {
        ReadOnlySpan<byte> rest = text.Span;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            if (line.StartsWith(field))
                return line[field.Length..];
            rest = end < 0 ? [] : rest[(end + 1)..];
        }

        return [];
    }
}

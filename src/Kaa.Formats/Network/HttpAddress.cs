using System.Globalization;

namespace Kaa.Formats.Network;

/// <summary>A URL of http or https, in its parts (RFC 3986).</summary>
/// <param name="Host">A name or a number; of IPv6 without the brackets.</param>
/// <param name="Path">Without a slash at its end; empty for none.</param>
public sealed record HttpAddress(bool IsSecure, string Host, ushort Port, string Path)
{
    /// <summary>Null for anything else.</summary>
    public static HttpAddress? Parse(string url)
    {
        bool secure = url.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        if (!secure && !url.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            return null;
        ReadOnlySpan<char> rest = url.AsSpan(secure ? 8 : 7);
        int slash = rest.IndexOf('/');
        ReadOnlySpan<char> authority = slash < 0 ? rest : rest[..slash];
        string path = slash < 0 ? "" : rest[slash..].TrimEnd('/').ToString();

        // Whatever would end the line of the request, or the word in it.
        if (path.AsSpan().ContainsAnyInRange('\0', ' ') || authority.ContainsAnyInRange('\0', ' ') || authority.Contains('@'))
            return null;
        int end = authority.StartsWith("[") ? authority.IndexOf(']') : authority.IndexOf(':') is var colon and >= 0 ? colon : authority.Length;
        if (end <= 0)
            return null;
        bool bracketed = authority[0] == '[';
        ReadOnlySpan<char> host = bracketed ? authority[1..end] : authority[..end];
        ReadOnlySpan<char> port = authority[(bracketed ? end + 1 : end)..];
        ushort number = secure ? (ushort)443 : (ushort)80;
        if (port.Length > 0 && (port[0] != ':' || !ushort.TryParse(port[1..], NumberStyles.None, CultureInfo.InvariantCulture, out number)))
            return null;
        return host.IsEmpty ? null : new HttpAddress(secure, host.ToString(), number, path);
    }
}

using System.Text;
using Kaa.Linux;
using Kaa.Report.Text;

namespace Kaa.Cli.Output;

/// <summary>Writers for standard output and error. Output is buffered, so whoever writes disposes.</summary>
internal static class Streams
{
    private const int BufferSize = 32 * 1024;

    private static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: false);

    public static StreamWriter Output() => new(StandardStream.Output, Encoding, BufferSize, leaveOpen: true);

    public static StreamWriter Error() => new(StandardStream.Error, Encoding, 1024, leaveOpen: true);

    /// <param name="choice">What --color or --no-color said; null where neither was given.</param>
    public static StyledWriter Styled(TextWriter writer, StandardStream stream, bool? choice) =>
        new(writer, choice ?? (stream.IsTerminal && !NoColour()));

    /// <summary>no-color.org: set and not empty. A dumb terminal knows no colours either.</summary>
    private static bool NoColour() =>
        Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } || Environment.GetEnvironmentVariable("TERM") == "dumb";
}

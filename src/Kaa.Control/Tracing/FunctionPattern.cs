using System.IO.Enumeration;

namespace Kaa.Control.Tracing;

/// <summary>C functions as somebody asks for them: <c>mkdir</c>, <c>*open*</c>, <c>libc!mkdir</c>, <c>libssl*!SSL_*</c>.</summary>
/// <param name="Text">As it was typed.</param>
/// <param name="Module">Null for any.</param>
public sealed record FunctionPattern(string Text, string? Module, string Symbol)
{
    public static FunctionPattern Parse(string text)
    {
        int at = text.IndexOf('!');
        return at < 0 ? new FunctionPattern(text, null, text) : new FunctionPattern(text, text[..at], text[(at + 1)..]);
    }

    public bool IsExact => !Symbol.AsSpan().ContainsAny('*', '?');

    public bool Means(string symbol) => IsExact ? symbol == Symbol : FileSystemName.MatchesSimpleExpression(Symbol, symbol, ignoreCase: false);

    /// <summary>A library is meant by its file's name, whole or up to its version: <c>libc</c> is <c>libc.so.6</c>.</summary>
    public bool MeansModule(string fileName)
    {
        if (Module is null || Module == fileName)
            return true;
        if (Module.AsSpan().ContainsAny('*', '?'))
            return FileSystemName.MatchesSimpleExpression(Module, fileName, ignoreCase: false);
        return fileName.StartsWith(Module, StringComparison.Ordinal) && fileName.Length > Module.Length && fileName[Module.Length] is '.' or '-';
    }
}

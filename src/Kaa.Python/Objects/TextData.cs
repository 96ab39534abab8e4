using Kaa.Formats;

namespace Kaa.Python.Objects;

/// <summary>Where the characters of a text lie.</summary>
/// <param name="Length">Number of units.</param>
/// <param name="UnitSize">Bytes of one unit: 1 (Latin-1, ASCII), 2 or 4.</param>
/// <param name="Utf16">Two units may make one character: 2.7's narrow builds only.</param>
/// <param name="Bytes">2.7's <c>str</c>: the units are bytes of an unknown encoding.</param>
public readonly record struct TextData(Address Data, long Length, int UnitSize, bool Utf16 = false, bool Bytes = false);

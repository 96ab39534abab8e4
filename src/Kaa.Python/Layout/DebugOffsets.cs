using System.Globalization;
using Kaa.Formats;

namespace Kaa.Python.Layout;

/// <summary>
/// <c>_Py_DebugOffsets</c>: the table at the start of <c>_PyRuntime</c> in which 3.13 and later say where their fields lie (PEP 768).
/// It comes from the target's memory, so it is checked once, as a whole, before any of it is used: every field lies inside its
/// structure and is aligned, every structure is of a size that can be. Later code may trust the numbers, not what lies there.
/// </summary>
internal sealed class DebugOffsets
{
    /// <summary>Cookie, version, <c>free_threaded</c>.</summary>
    public const int HeaderSize = 24;

    private const string Format = "_Py_DebugOffsets";
    private const int WordSize = 8;

    /// <summary>Runtime and interpreter are large (460 KB in 3.12's debug build); nothing else is.</summary>
    private const int LargeStructure = 16 << 20;
    private const int SmallStructure = 64 << 10;

    private readonly Dictionary<string, int> _values;

    private DebugOffsets(PythonVersion version, bool freeThreaded, Dictionary<string, int> values)
    {
        Version = version;
        FreeThreaded = freeThreaded;
        _values = values;
    }

    public static ReadOnlySpan<byte> Cookie => "xdebugpy"u8;

    public PythonVersion Version { get; }

    public bool FreeThreaded { get; }

    /// <param name="name">As CPython names it: <c>thread_state.current_frame</c>.</param>
    /// <exception cref="KeyNotFoundException">This version's table has no such field.</exception>
    public int this[string name] => _values[name];

    /// <summary>The offset, or <see cref="Offset.Absent"/> where the table has no such field or says 0 for "not in this build".</summary>
    public int Optional(string name) => _values.TryGetValue(name, out int value) && value != 0 ? value : Offset.Absent;

    /// <summary>Version and build by the table's first words; null where they are not a table's.</summary>
    public static (PythonVersion Version, bool FreeThreaded)? ReadHeader(ReadOnlySpan<byte> header)
    {
        if (header.Length < HeaderSize || !header.StartsWith(Cookie))
            return null;
        ulong version = header.PointerAt(8);
        ulong freeThreaded = header.PointerAt(16);
        if (version is < 0x030d0000 or > 0x04000000 || freeThreaded > 1)
            return null;
        return (new PythonVersion((uint)version), freeThreaded == 1);
    }

    /// <summary>Size in bytes of a table whose fields are these.</summary>
    public static int SizeOf(string fields)
    {
        int size = HeaderSize;
        foreach (string line in Lines(fields))
            size += (line.Split(' ').Length - 1) * WordSize;
        return size;
    }

    /// <param name="table">The target's bytes.</param>
    /// <param name="fields">One of <see cref="DebugOffsetsFields"/>.</param>
    /// <exception cref="BadData">The table breaks a rule.</exception>
    public static DebugOffsets Parse(ReadOnlySpan<byte> table, string fields)
    {
        if (ReadHeader(table) is not { } header)
            throw new BadData(Format, 0, "no cookie");
        var values = new Dictionary<string, int>();
        int at = HeaderSize;
        foreach (string line in Lines(fields))
        {
            string[] words = line.Split(' ');
            at = ParseSection(table, at, words, values);
        }

        CheckNested(values);
        return new DebugOffsets(header.Version, header.FreeThreaded, values);
    }

    private static string[] Lines(string fields) =>
        fields.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static int ParseSection(ReadOnlySpan<byte> table, int at, string[] words, Dictionary<string, int> values)
    {
        string section = words[0];
        int cap = section is "runtime_state" or "interpreter_state" or "debugger_support" ? LargeStructure : SmallStructure;
        int size = cap;
        foreach (string word in words.AsSpan(1))
        {
            if (at + WordSize > table.Length)
                throw new BadData(Format, at, "the table ends early");
            ulong value = table.PointerAt(at);
            if (word[^1] == '=')
            {
                string name = word[..^1];
                if (value > (ulong)cap || (value == 0 && name == "size"))
                    throw new BadData(Format, at, string.Create(CultureInfo.InvariantCulture, $"{section}.{name} can't be {value}"));
                values[section + "." + name] = (int)value;
                if (name == "size")
                    size = (int)value;
            }
            else
            {
                int colon = word.IndexOf(':');
                int width = colon < 0 ? WordSize : word[colon + 1] - '0';
                string name = colon < 0 ? word : word[..colon];
                Check(value, width, size, at, section, name);
                values[section + "." + name] = (int)value;
            }

            at += WordSize;
        }

        return at;
    }

    private static void Check(ulong value, int width, int size, int at, string section, string name)
    {
        if (value > (ulong)size || (int)value + width > size)
            throw new BadData(Format, at, string.Create(CultureInfo.InvariantCulture, $"{section}.{name} ({value}) lies outside its {size} bytes"));
        if (value % (ulong)width != 0)
            throw new BadData(Format, at, string.Create(CultureInfo.InvariantCulture, $"{section}.{name} ({value}) is not aligned to {width}"));
    }

    /// <summary>Offsets that are only used as sums.</summary>
    private static void CheckNested(Dictionary<string, int> values)
    {
        int interpreter = values["interpreter_state.size"];
        int collector = values["interpreter_state.gc"];
        if (collector + values["gc.size"] > interpreter)
            throw new BadData(Format, 0, "interpreter_state.gc lies outside the interpreter");
        int gil = values["interpreter_state.gil_runtime_state"];
        if (values["interpreter_state.gil_runtime_state_locked"] < gil || values["interpreter_state.gil_runtime_state_holder"] < gil)
            throw new BadData(Format, 0, "a field of the GIL lies in front of it");
    }
}

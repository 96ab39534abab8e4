using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>One value being printed: what was written, what is open, how deep.</summary>
internal sealed class Repr(PyObjects objects, ValueOptions options, ReprTable table)
{
    private readonly List<Address> _open = [];
    private int _depth;
    private int _objectDepth;

    public PyObjects Objects { get; } = objects;

    public ReprWriter Out { get; } = new(options.MaxValue);

    public ReprTable Table { get; } = table;

    /// <summary>Characters of the outermost value's whole text, where its printer knows them.</summary>
    public long? WholeLength { get; private set; }

    public bool IsPython2 => Objects.Layout.Version.Major == 2;

    /// <summary>Objects within this one show only what they are.</summary>
    public bool AtObjectDepth => _objectDepth >= options.ObjectDepth;

    /// <summary>More attributes than this can't be printed, so no more are read: each takes three characters.</summary>
    public int MaxNames => options.MaxValue / 3;

    public bool AtLeast(int major, int minor) => Objects.Layout.Version.AtLeast(major, minor);

    public bool Redacts(string name) => options.Redacts(name);

    /// <summary>What was said is the length of a part only.</summary>
    public void ForgetWholeLength() => WholeLength = null;

    /// <summary>Said by the printer of the outermost value only.</summary>
    public void SetWholeLength(long? length)
    {
        if (_depth == 1)
            WholeLength = length;
    }

    /// <summary>
    /// Prints any object. What can't be read is said in its place, unless it is the outermost, of which nothing would be left.
    /// </summary>
    public void Value(Address value, bool outermost = false)
    {
        if (Out.Full)
            return;
        if (_depth >= options.Depth)
        {
            Unread(value, "too deep");
            return;
        }

        _depth++;
        try
        {
            Table.Write(this, value);
        }
        catch (TargetFault fault) when (!outermost && fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            Unread(value, "unreadable");
        }
        finally
        {
            _depth--;
        }
    }

    /// <summary>Prints a value under its name, which may have it redacted.</summary>
    public void Named(string name, Address value)
    {
        Out.Write(name);
        Out.Write('=');
        ValueOf(name, value);
    }

    public void ValueOf(string name, Address value)
    {
        if (Redacts(name))
            Out.Write(ValuePrinter.Redacted);
        else
            Value(value);
    }

    /// <summary>False where the object is being printed already (Py_ReprEnter); else <see cref="Leave"/> must follow.</summary>
    public bool Enter(Address value)
    {
        if (_open.Contains(value))
            return false;
        _open.Add(value);
        return true;
    }

    public void Leave() => _open.RemoveAt(_open.Count - 1);

    /// <summary>Objects printed from here to <see cref="LeaveObject"/> lie inside an object.</summary>
    public void EnterObject() => _objectDepth++;

    public void LeaveObject() => _objectDepth--;

    /// <summary>Items with commas between.</summary>
    /// <returns>How many were written.</returns>
    public int Items(IEnumerable<Address> items)
    {
        int count = 0;
        foreach (Address item in items)
        {
            if (Out.Full)
                break;
            if (count++ > 0)
                Out.Write(", ");
            Value(item);
        }

        return count;
    }

    private void Unread(Address value, string why)
    {
        Out.Write("<");
        Out.Write(why);
        Out.Write(" at ");
        Out.Write(value);
        Out.Write('>');
    }
}

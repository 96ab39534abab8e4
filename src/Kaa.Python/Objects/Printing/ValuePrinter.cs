using Kaa.Formats;

namespace Kaa.Python.Objects.Printing;

/// <summary>
/// Prints values as the contract says: exact builtins as <c>repr()</c> prints them, other objects by type, address and content, never
/// running any of the target's code. Work is bounded by <see cref="ValueOptions.MaxValue"/>, whatever the target's memory says.
/// </summary>
public sealed class ValuePrinter(PyObjects objects, ValueOptions options)
{
    public const string Redacted = "<redacted>";

    private readonly ReprTable _table = new(objects);

    public PyObjects Objects { get; } = objects;

    /// <param name="name">The variable's name, for redaction; null where it has none.</param>
    /// <exception cref="TargetFault">The target is gone.</exception>
    public PrintedValue Print(Address value, string? name)
    {
        string? type = null;
        try
        {
            type = _table.TypeName(value);
            if (name is not null && options.Redacts(name))
                return new PrintedValue(type, Redacted, null, null);
            var repr = new Repr(Objects, options, _table);
            repr.Value(value, outermost: true);
            bool cut = repr.Out.Full;
            return new PrintedValue(type, repr.Out.ToString(), cut ? repr.WholeLength : null, null);
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            return new PrintedValue(type, null, null, fault.Message);
        }
    }
}

using Kaa.Formats;
using Kaa.Python.Objects;
using Kaa.Python.Objects.Printing;
using Kaa.Results;

namespace Kaa.Python.Evaluation;

/// <summary>Answers expressions by reading memory; nothing of the target runs. Valid for one look.</summary>
public sealed class PyEvaluator
{
    private readonly PyObjects _objects;
    private readonly IPyScope _scope;
    private readonly AttributeLookup _attributes;
    private readonly ItemLookup _items;

    public PyEvaluator(PyObjects objects, IPyScope scope)
    {
        _objects = objects;
        _scope = scope;
        _attributes = new AttributeLookup(objects);
        _items = new ItemLookup(objects, _attributes);
    }

    /// <exception cref="UserError">no-name, no-attribute, no-item, no-container, no-object, no-register, would-run-code.</exception>
    /// <exception cref="TargetFault">Memory that is needed can't be read.</exception>
    public PyValue Evaluate(PyExpression expression) => expression switch
    {
        NameExpression name => Named(name.Name),
        NumberExpression number => new IntegerValue(number.Value),
        TextExpression text => new TypedText(text.Value),
        RegisterExpression register => Checked(Register(register.Name)),
        ObjectExpression { Address: var address } => Checked(AddressOf(address)),
        AttributeExpression { Owner: var owner, Name: var name } => new ObjectValue(_attributes.Find(Object(owner), name)),
        ItemExpression { Owner: var owner, Index: var index } => _items.Item(Evaluate(owner), Evaluate(index)),
        SliceExpression slice => _items.Slice(Evaluate(slice.Owner), Optional(slice.Start), Optional(slice.Stop), Optional(slice.Step)),
        LengthExpression { Value: var value } => new IntegerValue(_items.Length(Evaluate(value))),
        TypeExpression { Value: var value } => new ObjectValue(_objects.TypeOf(Object(value)).Address),
        _ => throw new InvalidOperationException("an expression of no known kind"),
    };

    /// <summary>The value as <c>repr()</c> prints it.</summary>
    public PrintedValue Print(PyValue value, ValueOptions options, string? name = null) => value switch
    {
        ObjectValue known => new ValuePrinter(_objects, options).Print(known.Object, name),
        IntegerValue number => new PrintedValue("int", number.Number.ToString(System.Globalization.CultureInfo.InvariantCulture), null, null),
        TypedText text => new PrintedValue("str", "'" + text.Text + "'", null, null),
        _ => new PartPrinter(_objects, options).Print(value),
    };

    private PyValue? Optional(PyExpression? expression) => expression is null ? null : Evaluate(expression);

    private ObjectValue Named(string name) => _scope.Find(name) is { } found
        ? new ObjectValue(found.Object)
        : throw new UserError("no-name", $"'{name}' is neither a variable of this frame, nor a global, nor a builtin", "py-locals lists the variables");

    private Address Object(PyExpression expression) => Evaluate(expression) is ObjectValue known
        ? known.Object
        : throw new UserError("no-object", "that is a number or a part of a text, which has no attributes", "*ADDRESS is the object at an address");

    private ulong Register(string name) => _scope.Register(name)
        ?? throw new UserError("no-register", $"the register ${name} is not known in this frame", "info registers lists those that are");

    private ulong AddressOf(PyExpression expression) => expression switch
    {
        RegisterExpression register => Register(register.Name),
        NumberExpression { Value: var number } when number >= 0 && number <= ulong.MaxValue => (ulong)number,
        _ => throw new UserError("no-object", "behind '*' stands an address or a register", "as in *0x7f0012345678 or *$rdi"),
    };

    /// <summary>What is no object is told apart by its type, which must be a type object.</summary>
    private ObjectValue Checked(ulong address)
    {
        try
        {
            _objects.TypeOf(new Address(address));
            return new ObjectValue(new Address(address));
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            throw new UserError("no-object", $"no Python object lies at 0x{address:x}: {fault.Message}", null, fault);
        }
    }
}

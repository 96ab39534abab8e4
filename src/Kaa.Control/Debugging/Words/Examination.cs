using Kaa.Control.Debugging.Memory;
using Kaa.Control.Debugging.Values;
using Kaa.Formats;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary><c>x</c>: memory in units, texts, instructions. Format and place of the last one are the session's.</summary>
internal sealed class Examination(DebugSession session)
{
    private ExaminationState State => session.LastExamination;

    public void Run(string argument)
    {
        DisplayFormat format = DisplayFormat.Take(ref argument);
        IMemory memory = session.RequireStill().Memory;
        State.Letter = format.Letter ?? State.Letter;
        State.Size = format.Size ?? (format.Letter is 'a' ? 8 : State.Letter is 'c' && format.Letter is 'c' ? 1 : State.Size);
        if (argument.Length > 0)
        {
            DataValue value = ExpressionReader.Evaluate(argument, session.Scope);

            // An array or a struct means its own place; everything else is an address.
            State.Next = Operators.AsAddress(value);
        }

        int count = Math.Abs(format.Count);
        if (count > Limits.PrintedItems)
            throw new UserError("argument", $"x shows at most {Limits.PrintedItems} at a time");
        switch (State.Letter)
        {
            case 'i':
                Instructions(memory, count);
                break;
            case 's':
                Texts(memory, count);
                break;
            default:
                Units(memory, count);
                break;
        }

        session.Values.Set("_", DataValue.Pointer(DataType.Void, State.Last));
    }

    private void Units(IMemory memory, int count)
    {
        int size = State.Letter == 'f' && State.Size < 4 ? 8 : State.Size;
        int inLine = size switch { 8 => 2, 4 => 4, _ => 8 };
        Span<byte> bytes = stackalloc byte[8];
        for (int i = 0; i < count; i++)
        {
            session.Options.ThrowIfInterrupted();
            Address at = State.Next;
            bytes.Clear();
            if (!memory.TryReadExactly(at, bytes[..size]))
            {
                if (i % inLine != 0)
                    session.Output.Line();
                throw new UserError("memory", $"Cannot access memory at address {at}");
            }

            if (i % inLine == 0)
                session.Output.Write(Label(at) + ":");
            session.Output.Write("\t" + Unit(BitConverter.ToUInt64(bytes), size));
            State.Last = at;
            State.Next = at + size;
            if (i % inLine == inLine - 1 || i == count - 1)
                session.Output.Line();
        }
    }

    /// <summary>Hexadecimal units are padded, as gdb does for <c>x</c> alone.</summary>
    private string Unit(ulong bits, int size) => State.Letter switch
    {
        'x' or 'z' => NumberText.Of(bits, size, 'z'),
        'a' => new ValueText(session, session.Scope).AddressText(new Address(bits)),
        'f' when size == 8 => BitConverter.UInt64BitsToDouble(bits).ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        'f' => BitConverter.UInt32BitsToSingle((uint)bits).ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        't' => NumberText.Of(bits, size, 't').PadLeft(size * 8, '0'),
        'o' => "0" + NumberText.Of(bits, size, 'o').TrimStart('0').PadLeft(((size * 8) + 2) / 3, '0'),
        var letter => NumberText.Of(bits, size, letter),
    };

    private void Texts(IMemory memory, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Address at = State.Next;
            byte[] bytes;
            try
            {
                bytes = memory.ReadCStringBytes(at, session.Settings.PrintElements is 0 ? Limits.PrintedText : session.Settings.PrintElements);
            }
            catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
            {
                throw new UserError("memory", $"Cannot access memory at address {at}", null, fault);
            }

            // What was cut goes on with the next one, as gdb has it.
            bool isWhole = memory.TryRead(at + bytes.Length, out byte last) && last == 0;
            session.Output.Line($"{Label(at)}:\t{NumberText.Quoted(bytes)}{(isWhole ? "" : "...")}");
            State.Last = at;
            State.Next = at + bytes.Length + (isWhole ? 1 : 0);
        }
    }

    private void Instructions(IMemory memory, int count)
    {
        Inferior inferior = session.RequireStill();
        var disassembly = new Disassembly(memory, inferior.NameOf, session.Settings.DisassemblyFlavor == "intel");
        ulong? pc = session.Thread is null ? null : session.Stack.Frame.Registers["rip"];
        try
        {
            foreach (DisassembledInstruction one in disassembly.From(State.Next))
            {
                if (count-- == 0)
                    break;
                session.Options.ThrowIfInterrupted();
                session.Output.Line($"{(one.Address.Value == pc ? "=> " : "   ")}{Label(one.Address)}:\t{one.Text}");
                State.Last = one.Address;
                State.Next = one.Next;
            }
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            throw new UserError("memory", $"Cannot access memory at address {State.Next}", null, fault);
        }
    }

    private string Label(Address at) => new ValueText(session, session.Scope).AddressText(at);
}

/// <summary>What an <c>x</c> without an address or a format goes on with.</summary>
public sealed class ExaminationState
{
    public Kaa.Formats.Address Next { get; set; }

    public Kaa.Formats.Address Last { get; set; }

    public char Letter { get; set; } = 'x';

    public int Size { get; set; } = 4;
}

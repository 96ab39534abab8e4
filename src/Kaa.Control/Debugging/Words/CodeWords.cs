using System.Globalization;
using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Memory;
using Kaa.Control.Debugging.Stack;
using Kaa.Control.Debugging.Symbols;
using Kaa.Control.Debugging.Values;
using Kaa.Formats;
using Kaa.Python.Source;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary><c>disassemble</c> and <c>list</c>.</summary>
internal static class CodeWords
{
    /// <summary>Room for the bytes of an instruction of six.</summary>
    private const int RawWidth = 19;

    public static void AddTo(CommandTable table)
    {
        table.Add(new SimpleCommand("disassemble", "Disassemble the function of the selected frame, or of an address", Disassemble)
        {
            Also = ["disas", "disass"],
            More = "[/r] [/s] [ADDRESS | START,END | START,+LENGTH]\n/r shows the bytes, /s and /m the source lines where they are known. set disassembly-flavor intel changes the syntax.",
            Completion = (session, argument) => session.Inferior?.Names.Beginning(argument.Split(' ')[^1], 200) ?? [],
        });
        table.Add(new SimpleCommand("list", "List C source around the selected frame's line, where the file is there; py-list lists Python's", List) { Also = ["l"], More = "[LINE | FILE:LINE]" });
    }

    private static void Disassemble(DebugSession session, string argument)
    {
        string modifiers = "";
        while (argument.StartsWith('/'))
        {
            string word = argument.Split(' ', 2)[0];
            modifiers += word[1..];
            argument = argument[word.Length..].TrimStart();
        }

        if (modifiers.FirstOrDefault(c => c is not ('r' or 's' or 'm')) is var unknown and not '\0')
            throw new UserError("argument", $"Invalid disassembly modifier: {unknown}.");
        Inferior inferior = session.RequireStill();
        if (argument.Contains(','))
            Range(session, inferior, argument, modifiers);
        else
            Function(session, inferior, argument, modifiers);
    }

    private static void Range(DebugSession session, Inferior inferior, string argument, string modifiers)
    {
        string[] parts = [.. FormattedPrint.Split(argument)];
        if (parts.Length != 2)
            throw new UserError("argument", "Trailing junk or a missing end in the range.", "disassemble START,END or START,+LENGTH");
        Address start = Arguments.Place(session, parts[0]);
        Address end = parts[1].StartsWith('+') ? start + Arguments.Number(session, parts[1][1..], 0) : Arguments.Place(session, parts[1]);
        session.Output.Line($"Dump of assembler code from {start} to {end}:");
        Write(session, inferior, start, end, at => inferior.Names.At(at) is { } symbol ? $" <{SessionText.Data(symbol.Name)}{Offset(at - symbol.Start, always: true)}>" : "", modifiers);
        session.Output.Line("End of assembler dump.");
    }

    private static void Function(DebugSession session, Inferior inferior, string argument, string modifiers)
    {
        Address pc = argument.Length > 0 ? Arguments.Place(session, argument) : new Address(session.Stack.Frame.Registers["rip"] ?? session.Stack.Frame.Pc.Value);
        Address lookup = argument.Length == 0 ? session.Stack.Frame.Unwound.LookupPc : pc;
        if (inferior.Names.At(lookup) is not { } function || function.Size == 0)
        {
            throw argument.Length == 0
                ? new UserError("no-function", "No function contains program counter for selected frame.", "x/20i $pc disassembles from there on")
                : new UserError("no-function", $"No function contains specified address {pc}.", "disassemble START,+LENGTH takes any range");
        }

        Target.Symbols.SymbolizedFrame compiled = inferior.Symbols.Resolve(function.Start, false)[^1];
        string name = compiled is { Source: Target.Symbols.SymbolSource.DebugInfo, Function: { } known, OffsetInFunction: 0 } ? known : function.Name;
        session.Output.Line($"Dump of assembler code for function {SessionText.Data(name)}:");
        SymbolPlace? cold = inferior.Names.Find(function.Module.FileName + "!" + function.Name + ".cold");
        if (cold is not null)
            session.Output.Line($"Address range {function.Start} to {function.Start + function.Size}:");
        Write(session, inferior, function.Start, function.Start + function.Size, at => $" <{Offset(at - function.Start, always: true)}>", modifiers);
        if (cold is { Size: > 0 })
        {
            // What runs seldom is put elsewhere by the compiler.
            session.Output.Line($"Address range {cold.Start} to {cold.Start + cold.Size}:");
            Write(session, inferior, cold.Start, cold.Start + cold.Size, at => $" <{Offset(at - function.Start, always: true)}>", modifiers);
        }

        session.Output.Line("End of assembler dump.");
    }

    private static string Offset(long offset, bool always) => offset == 0 && !always ? "" : (offset < 0 ? "" : "+") + offset.ToString(CultureInfo.InvariantCulture);

    private static void Write(DebugSession session, Inferior inferior, Address start, Address end, Func<Address, string> label, string modifiers)
    {
        var disassembly = new Disassembly(inferior.Memory, inferior.NameOf, session.Settings.DisassemblyFlavor == "intel");
        ulong? pc = session.Thread is null ? null : session.Stack.Frame.Registers["rip"];
        (string? File, int? Line) last = default;
        int count = 0;
        try
        {
            foreach (DisassembledInstruction one in disassembly.From(start))
            {
                if (one.Address >= end)
                    break;
                session.Options.ThrowIfInterrupted();
                if (++count > Limits.Instructions)
                    throw new UserError("argument", $"more than {Limits.Instructions} instructions", "give a smaller range");
                if (modifiers.Contains('s') || modifiers.Contains('m'))
                    last = Source(session, inferior, one.Address, last);
                string raw = modifiers.Contains('r') ? string.Join(' ', one.Bytes.Select(b => b.ToString("x2", CultureInfo.InvariantCulture))).PadRight(RawWidth) + "\t" : "";
                session.Output.Line($"{(one.Address.Value == pc ? "=> " : "   ")}{FrameLines.Padded(one.Address)}{label(one.Address)}:\t{raw}{one.Text}", one.Address.Value == pc ? SessionTone.Marked : SessionTone.Plain);
            }
        }
        catch (TargetFault fault) when (fault.Reason == FaultReason.Unmapped)
        {
            throw new UserError("memory", $"Cannot access memory at address {fault.Address}", null, fault);
        }

    }

    private static (string? File, int? Line) Source(DebugSession session, Inferior inferior, Address at, (string? File, int? Line) last)
    {
        Target.Symbols.SymbolizedFrame frame = inferior.Symbols.Resolve(at, false)[0];
        if (frame.File is not { } file || frame.Line is not { } line || (frame.File, frame.Line) == last)
            return last;
        if (file != last.File)
            session.Output.Line(SessionText.Data(file) + ":", SessionTone.Path);
        string text = session.Sources.Text(file)?.Line(line) is { } source ? "\t" + SessionText.Data(source) : "";
        session.Output.Line(line.ToString(CultureInfo.InvariantCulture) + text);
        return (file, line);
    }

    private static void List(DebugSession session, string argument)
    {
        FrameView frame = session.Stack.Frame;
        string? file = frame.Symbol.File;
        int? line = frame.Symbol.Line;
        if (argument.Length > 0)
        {
            string[] parts = argument.Split(':', 2);
            file = parts.Length == 2 ? parts[0] : file;
            line = int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : throw new UserError("argument", $"Function \"{argument}\" can't be listed.", "list LINE or FILE:LINE; disassemble shows functions");
        }

        if (file is null || line is not { } centre)
            throw new UserError("no-source", "No symbol table is loaded.  Use the \"file\" command.", "this C function has no debug information; py-list lists Python's source");
        if (session.Sources.Text(file) is not { } text)
            throw new UserError("no-source", $"{centre}\t{file}: No such file or directory.", "the source of C code is sought in the target's file system; py-list lists Python's");
        for (int number = Math.Max(1, centre - 5); number < Math.Max(1, centre - 5) + 10 && text.Line(number) is { } content; number++)
            session.Output.Line($"{number}\t{string.Join('\t', content.Split('\t').Select(SessionText.Data))}");
    }
}

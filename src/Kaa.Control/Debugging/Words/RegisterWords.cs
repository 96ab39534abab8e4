using System.Globalization;
using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Stack;
using Kaa.Control.Debugging.Values;
using Kaa.Formats;
using Kaa.Results;
using Kaa.Target.Arch;

namespace Kaa.Control.Debugging.Words;

/// <summary><c>info registers</c>.</summary>
internal static class RegisterWords
{
    private const int NameWidth = 15;
    private const int HexWidth = 20;

    public static void AddTo(CommandTable table) => table.Add(new SimpleCommand("info registers", "The general registers of the selected frame", List)
    {
        Also = ["info r", "info all-registers"],
        More = "[NAME…]",
        Reach = CommandReach.Thread,
    });

    private static void List(DebugSession session, string argument)
    {
        session.RequireThread();
        FrameView frame = session.Stack.Frame;
        string[] wanted = Arguments.Split(argument);
        bool anyUnknown = false;
        foreach (string name in wanted.Length > 0 ? wanted.Select(word => word.TrimStart('$')) : X64RegisterFile.Names)
        {
            if (X64RegisterFile.SizeOf(name) is null)
                throw new UserError("no-register", $"Invalid register `{name}'");
            if (frame.Registers[name] is { } value)
                session.Output.Line(name.PadRight(NameWidth) + ("0x" + value.ToString("x", CultureInfo.InvariantCulture)).PadRight(HexWidth - 1) + " " + Natural(session, name, value));
            else
                anyUnknown |= Missing(session, name, wanted.Length > 0);
        }

        if (anyUnknown)
            session.Output.WriteError(session.RequireThread().IsPartial ? "the thread sleeps in a call that an interrupt would end, so it was not stopped" : "the other registers were not saved by the frames inside of this one");
    }

    private static bool Missing(DebugSession session, string name, bool wasAsked)
    {
        if (wasAsked)
            session.Output.Line(name.PadRight(NameWidth) + "<not saved>");
        return true;
    }

    private static string Natural(DebugSession session, string name, ulong value) => name switch
    {
        "rip" or "pc" or "rsp" or "rbp" or "sp" or "fp" => new ValueText(session, session.Scope).AddressText(new Address(value)),
        "eflags" => X64RegisterFile.Flags(value),
        _ => NumberText.Of(value, X64RegisterFile.SizeOf(name)!.Value, 'd'),
    };
}

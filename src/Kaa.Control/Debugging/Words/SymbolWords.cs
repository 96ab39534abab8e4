using System.Globalization;
using System.Text.RegularExpressions;
using Kaa.Control.Debugging.Commands;
using Kaa.Control.Debugging.Symbols;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Results;
using Kaa.Target;
using Kaa.Target.Symbols;

namespace Kaa.Control.Debugging.Words;

/// <summary>Names and addresses: <c>info symbol</c>, <c>info address</c>, <c>info functions</c>, <c>info line</c>, <c>info source</c>.</summary>
internal static class SymbolWords
{
    public static void AddTo(CommandTable table)
    {
        table.Add(new SimpleCommand("info symbol", "The symbol at an address, its section and file", Symbol) { More = "ADDRESS" });
        table.Add(new SimpleCommand("info address", "Where a symbol is, in every module that defines it", Place) { More = "NAME | MODULE!NAME", Completion = Names });
        table.Add(new SimpleCommand("info functions", "Functions whose names match a pattern, module by module", Functions) { Also = ["info fun"], More = "[REGEX]" });
        table.Add(new SimpleCommand("info line", "The source line of an address or a function", Line) { More = "*ADDRESS | NAME", Completion = Names });
        table.Add(new SimpleCommand("info source", "The source file of the selected frame", (session, _) => Source(session)));
        table.Add(new SimpleCommand("info sharedlibrary", "The libraries that are loaded, and whether debug information was found", Libraries) { Also = ["info dll", "info shared"], More = "[REGEX]" });
    }

    internal static IEnumerable<string> Names(DebugSession session, string argument) => session.Inferior?.Names.Beginning(argument.Split(' ')[^1], 200) ?? [];

    private static void Symbol(DebugSession session, string argument)
    {
        if (argument.Length == 0)
            throw Arguments.Missing("Argument required (address).");
        Inferior inferior = session.RequireStill();
        Address address = Arguments.Place(session, argument);
        if (inferior.Names.At(address) is not { } symbol)
        {
            session.Output.Line(inferior.Names.Describe(address) is { } stub ? $"{SessionText.Data(stub)} in section .plt of {SessionText.Data(inferior.Target.Modules.Find(address)?.Path)}" : $"No symbol matches {argument}.");
            return;
        }

        long offset = address - symbol.Start;
        string section = SectionOf(inferior, symbol.Module, address) is { } name ? $" in section {name}" : " in";
        session.Output.Line($"{SessionText.Data(symbol.Name)}{(offset == 0 ? "" : " + " + offset.ToString(CultureInfo.InvariantCulture))}{section}{(section == " in" ? "" : " of")} {SessionText.Data(symbol.Module.Path)}");
    }

    private static string? SectionOf(Inferior inferior, Module module, Address address)
    {
        ModuleImage image = inferior.Target.Images.For(module);
        if (image.Elf is not { } elf)
            return null;
        try
        {
            ulong link = unchecked(address.Value - elf.Bias);
            foreach (ElfSection section in image.File?.Sections ?? image.DebugFile?.Sections ?? [])
            {
                if (section.Flags.HasFlag(ElfSectionFlags.Allocated) && link >= section.Address && link - section.Address < section.Size)
                    return section.Name;
            }
        }
        catch (BadData)
        {
            // As if the file told of no sections.
        }

        return null;
    }

    private static void Place(DebugSession session, string argument)
    {
        if (argument.Length == 0)
            throw Arguments.Missing("Argument required.");
        IReadOnlyList<SymbolPlace> found = session.RequireStill().Names.FindAll(argument);
        if (found.Count == 0)
            throw new UserError("no-symbol", $"No symbol \"{argument}\" in current context.", "info functions REGEX lists the names of functions");
        foreach (SymbolPlace symbol in found)
        {
            string module = found.Count > 1 || argument.Contains('!') ? $" ({SessionText.Data(symbol.Module.Path)})" : "";
            session.Output.Line($"Symbol \"{SessionText.Data(symbol.Name)}\" is at {symbol.Start} in a file compiled without debugging.{module}");
        }
    }

    private static void Functions(DebugSession session, string argument)
    {
        Regex pattern = Patterns.Of(argument);
        session.Output.Line(argument.Length == 0 ? "All defined functions:" : $"All functions matching regular expression \"{argument}\":");
        session.Output.Line("\nNon-debugging symbols:");
        Module? last = null;
        foreach (SymbolPlace symbol in session.RequireStill().Names.Functions(pattern, Limits.ListedFunctions))
        {
            session.Options.ThrowIfInterrupted();
            if (symbol.Module != last && last is not null)
                session.Output.Line();
            if (symbol.Module != last)
                session.Output.Line(SessionText.Data(symbol.Module.Path) + ":", SessionTone.Path);
            last = symbol.Module;
            session.Output.Line($"{FrameLines.Padded(symbol.Start)}  {SessionText.Data(symbol.Name)}");
        }
    }

    private static void Line(DebugSession session, string argument)
    {
        Inferior inferior = session.RequireStill();
        Address address = argument.Length == 0 ? session.Stack.Frame.Unwound.LookupPc : Arguments.Place(session, argument);
        SymbolizedFrame frame = inferior.Symbols.Resolve(address, false)[0];
        string label = inferior.NameOf(address) is { } name ? $" <{SessionText.Data(name)}>" : "";
        session.Output.Line(frame is { File: { } file, Line: { } line }
            ? $"Line {line} of \"{SessionText.Data(file)}\" is at address {address}{label}."
            : $"No line number information available for address {address}{label}");
    }

    private static void Source(DebugSession session)
    {
        SymbolizedFrame frame = session.Stack.Frame.Symbol;
        if (frame.File is not { } file)
        {
            session.Output.Line("No current source file. (py-list shows Python's.)");
            return;
        }

        session.Output.Line("Current source file is " + SessionText.Data(file));
        session.Output.Line(session.Sources.Text(file) is null ? "It is not in the target's file system." : "It can be read in the target's file system.");
    }

    private static void Libraries(DebugSession session, string argument)
    {
        Inferior inferior = session.RequireStill();
        Regex pattern = Patterns.Of(argument);
        Module? program = Programs.Of(inferior);
        var rows = new List<(string From, string To, string Read, string Path)>();
        bool anyMissing = false;
        foreach (Module module in inferior.Target.Modules.Modules)
        {
            if (module.Base == program?.Base || !pattern.IsMatch(module.Path) || inferior.Target.Images.For(module) is not { Elf: not null } image)
                continue;
            bool hasInfo = image.DebugInfo is not null;
            anyMissing |= !hasInfo;
            (Address start, Address end) = TextOf(module, image);
            string deleted = module.Deleted ? " (deleted)" : "";
            rows.Add((FrameLines.Padded(start), FrameLines.Padded(end), hasInfo ? "Yes" : "Yes (*)", module.Path + deleted));
        }

        if (rows.Count == 0)
        {
            session.Output.Line(argument.Length == 0 ? "No shared libraries loaded at this time." : "No shared libraries matched.");
            return;
        }

        session.Output.Line("From                To                  Syms Read   Shared Object Library");
        foreach ((string from, string to, string read, string path) in rows)
            session.Output.Line($"{from}  {to}  {read.PadRight(11)} {SessionText.Data(path)}");
        if (anyMissing)
            session.Output.Line("(*): Shared library is missing debugging information.");
    }

    /// <summary>The section of its code, where a file tells of sections; else what is executable of it.</summary>
    private static (Address Start, Address End) TextOf(Module module, ModuleImage image)
    {
        if (image.FindSection(".text") is { } text)
            return (text.Start, text.Start + text.Size);
        foreach (ElfSegment segment in image.Segments)
        {
            if (segment.Flags.HasFlag(ElfSegmentFlags.Execute))
                return (segment.Start, segment.End);
        }

        return (module.Base, module.End);
    }
}

using Kaa.Control.Debugging.Commands;
using Kaa.Results;

namespace Kaa.Control.Debugging.Words;

/// <summary>Words of gdb's that sessions copied from elsewhere have, and Kaa does not: each says what does the same here.</summary>
internal static class AbsentWords
{
    private static readonly (string Name, string[] Also, string Hint)[] s_words =
    [
        ("watch", ["rwatch", "awatch"], "break at the function that writes it, with a condition: break SYMBOL if *(long *) 0x… == 1"),
        ("catch", ["tcatch"], "break at the C library's function of that name (break open), fork and exec by set follow-fork-mode; kaa trace --syscall NAME tells of every call; C++'s exceptions: break __cxa_throw"),
        ("display", ["undisplay"], "commands N … end prints at each stop"),
        ("jump", [], "set $rip = ADDRESS, then continue"),
        ("return", [], "finish lets the function end by itself"),
        ("dprintf", [], "kaa trace --call SYMBOL prints a line for each call"),
        ("record", ["reverse-step", "reverse-stepi", "reverse-continue", "reverse-finish", "checkpoint"], "gcore keeps a moment that can be looked at later"),
        ("add-inferior", ["clone-inferior", "remove-inferiors"], "set follow-fork-mode both takes the children of a process too; kaa debug PID in another terminal takes another process"),
        ("tui", ["layout", "focus", "refresh"], "x/8i $pc, list and py-list print"),
        ("dump", ["restore"], "x prints memory, gcore saves all of it"),
        ("save", ["alias", "with", "pipe", "skip", "explore", "compile", "maintenance"], "-x FILE runs a script; help lists the words"),
        ("info variables", ["info types", "info scope", "info macro"], "info functions REGEX, info address NAME and ptype are there"),
    ];

    public static void AddTo(CommandTable table)
    {
        foreach ((string name, string[] also, string hint) in s_words)
            table.Add(new SimpleCommand(name, "Not there", (_, _) => throw new UserError("unsupported", $"{name} is not supported.", hint)) { Also = also, More = hint, Repeats = false });
        table.Add(new SimpleCommand("directory", "Accepted; source files are sought in the target's own file system", (_, _) => { }) { Also = ["cd"], More = "[DIRECTORY]" });
    }
}

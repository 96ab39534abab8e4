using System.CommandLine;
using Kaa.Cli.Diagnosis;
using Kaa.Doctor;
using Kaa.Target.Cores;

namespace Kaa.Cli.Commands;

/// <summary><c>kaa doctor</c>.</summary>
internal sealed class DoctorVerb : Verb
{
    private readonly Argument<string?> _target = new("TARGET")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The process, or the path of a core file; without one, this machine is examined.",
    };

    private readonly Option<string?> _exe = Path("--exe", "PATH", "The program that the process of a core ran, where it is not found by itself.");

    private readonly Option<string?> _sysRoot = Path("--sysroot", "DIR", "Look for the files of a core below this directory.");

    private readonly Option<string[]> _interpose = MakeOption.Texts(
        "--interpose", "SYMBOL", "Tell which calls of a function in the process an interposed one would see, with the instructions as proof. May be repeated.");

    private readonly Option<string[]> _preload = MakeOption.Texts(
        "--preload", "FILE", "Tell whether a library would load if the process were started again with LD_PRELOAD, and what stays unresolved.");

    private readonly Option<string[]> _dlopen = MakeOption.Texts(
        "--dlopen", "LIB", "Tell whether dlopen of a library would work in the process as it is now, and why not.");

    private readonly Option<string[]> _package = MakeOption.Texts(
        "--package", "NAME", "Simulate installing a package, and name the processes whose mapped files it would replace. Needs no target.");

    private readonly Option<bool> _json = MakeOption.Flag("--json", "Print one JSON object (docs/doctor.md) instead of text.");

    private readonly Option<bool> _colour = MakeOption.Flag("--color", "Use colours even where the output is no terminal.");

    private readonly Option<bool> _noColour = MakeOption.Flag("--no-color", "Use no colours. The environment variable NO_COLOR does the same.");

    public DoctorVerb()
        : base("doctor", "Tell every known reason why debugging a process would fail or lie, each with evidence and remedy.")
    {
        Add(_target);
        Option[] options = [_interpose, _preload, _dlopen, _package, _exe, _sysRoot, _json, _colour, _noColour];
        foreach (Option option in options)
            Add(option);
        SetAction(result => DoctorCommand.Run(Read(result)));
    }

    public override IReadOnlyList<string> Details =>
    [
        "Looks at rights, replaced files, symbols, the interpreter, what gdb would make of it, and whether a crash would leave a core. Stops nothing, "
        + "installs nothing, changes nothing. The worst comes first; the lines below \"remedy\" can be copied.",
    ];

    public override IReadOnlyList<Example> Examples =>
    [
        new("kaa doctor 4711", "what would hinder a look at this process?"),
        new("kaa doctor", "and on this machine?"),
        new("kaa doctor ./core.4711", "what does this core lack?"),
        new("kaa doctor --package gdb", "what would installing gdb do to the processes that run?"),
        new("kaa doctor 4711 --interpose PyObject_Malloc", "whom would an interposed allocator serve?"),
        new("kaa doctor 4711 --dlopen libresolv.so.2", "why does dlopen give 0?"),
    ];

    public override Completes Completes => Completes.Pids;

    private static Option<string?> Path(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value };

    private DoctorRequest Read(ParseResult result)
    {
        string? target = result.GetValue(_target);
        bool isCore = target is not null && TargetWord.IsPath(target, Name);
        return new DoctorRequest
        {
            Pid = target is null || isCore ? null : TargetWord.Pid(target, Name),
            Core = isCore ? target : null,
            Predictions = Predictions(result, target is null),
            CoreOptions = new CoreOptions { Exe = result.GetValue(_exe), SysRoot = result.GetValue(_sysRoot) },
            Json = result.GetValue(_json),
            Colour = result.GetValue(_noColour) ? false : result.GetValue(_colour) ? true : null,
        };
    }

    private List<ICheck> Predictions(ParseResult result, bool hasNoTarget)
    {
        var predictions = new List<ICheck>();
        Add(_interpose, AllPredictions.OfInterposing);
        Add(_preload, AllPredictions.OfPreloading);
        Add(_dlopen, AllPredictions.OfOpening);
        if (hasNoTarget && predictions.Count > 0)
            throw new UsageError("--interpose, --preload and --dlopen need a process", Name);
        Add(_package, AllPredictions.OfInstalling);
        return predictions;

        void Add(Option<string[]> option, Func<string, ICheck> make)
        {
            foreach (string value in result.GetValue(option) ?? [])
                predictions.Add(make(value));
        }
    }
}

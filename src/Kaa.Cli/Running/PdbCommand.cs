using System.Text;
using Kaa.Cli.Stacks;
using Kaa.Control.Running;
using Kaa.Linux.Calls;
using Kaa.Linux.Terminal;
using Kaa.Python.Running;
using Kaa.Results;

namespace Kaa.Cli.Running;

/// <summary>The use-case of <c>kaa pdb</c>: the process's own pdb, with its commands and its output carried over.</summary>
internal sealed class PdbCommand(CodeRunner runner)
{
    private const int BetweenLooks = 2_000; // µs
    private const int GraceLooks = 500;

    private readonly ShownRecords _shown = new();
    private System.Threading.Thread? _reader;

    public static int Run(ExecArguments arguments)
    {
        StackTarget target = StackTargets.Resolve(arguments.Pid);
        using CodeRunner runner = CodeRunner.Open(target.Pid, isSession: false);
        return new PdbCommand(runner).Debug(arguments);
    }

    private int Debug(ExecArguments arguments)
    {
        using var interruption = new Interruption();
        interruption.ArmForTermination();
        bool isInterrupted = false;
        ExecReport report = runner.Run(new RunRequest
        {
            Source = default,
            IsDebugger = true,
            IsOpenEnded = true,
            Timeout = arguments.Timeout,
            Tid = arguments.Tid,
            Way = arguments.Way,
            OnRecord = Show,
            IsInterrupted = () => End(interruption, ref isInterrupted),
        });
        int left = GraceLooks;
        while (runner.Pump(Show) && left > 0)
        {
            End(interruption, ref isInterrupted);
            left -= isInterrupted ? 1 : 0;
            Clock.Sleep(BetweenLooks);
        }

        _shown.ThrowIfFailed();
        return isInterrupted ? ExitCode.Interrupted : report.Exception is null ? ExitCode.Complete : ExitCode.UserError;
    }

    /// <summary>Ctrl-C ends the session, not the program. Never true: what runs is let come to its end.</summary>
    private bool End(Interruption interruption, ref bool isInterrupted)
    {
        if ((interruption.IsRequested || _shown.HasFailed) && !isInterrupted)
        {
            isInterrupted = true;
            runner.CloseCommands();
        }

        return false;
    }

    private void Show(RunRecord kind, ReadOnlyMemory<byte> bytes)
    {
        _shown.Show(kind, bytes);
        if (_reader is not null || kind != RunRecord.Output)
            return;
        _reader = new System.Threading.Thread(Forward) { IsBackground = true, Name = "commands" };
        _reader.Start();
    }

    /// <summary>Lines as they are typed, up to the end of the input.</summary>
    private void Forward()
    {
        using var input = new TerminalInput();
        while (input.ReadLine() is { } line)
        {
            ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(line + "\n");
            while (bytes.Length > 0)
            {
                int count = runner.Send(bytes);
                if (count < 0)
                    return;
                bytes = bytes[count..];
                if (bytes.Length > 0)
                    Clock.Sleep(BetweenLooks);
            }
        }

        runner.CloseCommands();
    }
}

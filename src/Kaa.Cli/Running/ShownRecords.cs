using System.Runtime.ExceptionServices;
using Kaa.Control.Running;
using Kaa.Linux;
using Kaa.Python.Running;
using Kaa.Results;

namespace Kaa.Cli.Running;

/// <summary>
/// What the code writes, shown as it comes. Where it can't be (the reader is gone, the disk is full) the code is still at work in the program: it is to be interrupted, and its thread put back, before Kaa
/// ends by that.
/// </summary>
internal sealed class ShownRecords
{
    private ExceptionDispatchInfo? _failure;

    public bool HasFailed => _failure is not null;

    public void Show(RunRecord kind, ReadOnlyMemory<byte> bytes)
    {
        if (HasFailed)
            return;
        try
        {
            if (kind == RunRecord.Output)
                StandardStream.Output.Write(bytes.Span);
            else if (kind is RunRecord.Error or RunRecord.Exception)
                StandardStream.Error.Write(bytes.Span);
        }
        catch (Exception e) when (e is BrokenPipe or UserError)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    /// <exception cref="BrokenPipe">If so.</exception>
    /// <exception cref="UserError">output: if so.</exception>
    public void ThrowIfFailed() => _failure?.Throw();
}

using Kaa.Linux.Controlling;
using Kaa.Linux.Looking;

namespace Kaa.Control.Debugging.Execution;

/// <summary>A view of a process that stands still, made when it is first asked for: that takes a look at each thread.</summary>
internal sealed class HeldWhenAsked(ControlledProcess control) : IDisposable
{
    private HeldProcess? _held;

    public HeldProcess Value => _held ??= control.Held();

    public void Dispose() => _held?.Dispose();
}

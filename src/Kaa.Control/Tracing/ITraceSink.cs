using Kaa.Results;

namespace Kaa.Control.Tracing;

/// <summary>Where hits go. Called on the tracer's thread while the target waits for it: must be quick, and must never wait for a reader.</summary>
public interface ITraceSink
{
    void Add(TraceEvent hit);
}

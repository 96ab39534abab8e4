namespace Kaa.Recording.Memory;

/// <summary>Is told what happened, in order.</summary>
public interface IAllocationSink
{
    void Allocated(in Allocation allocation);

    /// <param name="index">Of the allocation; one that is not held is to be passed over.</param>
    void Freed(long index, long microseconds);

    /// <summary>Some of a mapping was given back.</summary>
    void Shrunk(long index, long bytes, long microseconds);
}

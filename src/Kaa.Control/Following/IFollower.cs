using Kaa.Linux;
using Kaa.Linux.Looking;
using Kaa.Python;
using Kaa.Results;

namespace Kaa.Control.Following;

/// <summary>What is done with processes that are followed. On the threads that trace them.</summary>
internal interface IFollower<T>
    where T : FollowedProcess
{
    /// <summary>Takes up a process that stands still at its beginning; the target is its own from then on.</summary>
    /// <param name="python">Null where it is not there yet.</param>
    /// <param name="isProgram">At a program's first instruction; else a child of fork.</param>
    /// <param name="former">The same process, as another program.</param>
    /// <exception cref="UserError">The process goes on without Kaa.</exception>
    T Begin(LiveTarget target, PythonProcess? python, HeldProcess held, bool isProgram, T? former);

    /// <summary>The program that takes a process's place is let go.</summary>
    bool IsLast(T former);

    /// <summary>A process goes on without Kaa.</summary>
    void TellNotFollowed(Exception e);
}

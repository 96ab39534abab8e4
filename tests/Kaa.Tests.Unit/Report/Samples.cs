using Kaa.Results;

namespace Kaa.Tests.Unit.Report;

/// <summary>Reports that hold one of everything.</summary>
internal static class Samples
{
    public static PythonFrame Frame(string function, string file, int line, string? source = null) =>
        new(function) { File = file, Line = line, Source = source };

    public static StackReport Deadlocked() => new()
    {
        Target = new TargetInfo { Kind = TargetKind.Process, Pid = 4711, ContainerPid = 7, Command = ["python3", "-u", "my app.py"] },
        Interpreter = new InterpreterInfo
        {
            Version = "3.11.7",
            Executable = "/usr/bin/python3.11",
            Layout = LayoutSource.Dwarf,
        },
        PauseMicroseconds = 412,
        Deadlocks = [new Deadlock([4712, 4713], "threads 4712 and 4713 each hold the lock that the other waits for")],
        Threads = [MainThread(), Worker(4712, "left", 4713), Worker(4713, "right", 4712)],
        Notes =
        [
            new Note(NoteCodes.SourceChanged, "/app/x.py changed after the process started", "/app/x.py"),
            new Note("thread-moved", "thread 4711 never stood still", "4711", Incomplete: true),
        ],
    };

    public static ThreadStack MainThread() => new()
    {
        Tid = 4711,
        Ident = 140123,
        Name = "MainThread",
        Main = true,
        State = ThreadState.Running,
        HoldsGil = true,
        Gc = true,
        Stopped = true,
        Frames =
        [
            new BuiltinFrame("sleep", "time"),
            new PythonFrame("handle")
            {
                QualifiedName = "Service.handle",
                File = "/app/x.py",
                Line = 12,
                EndLine = 12,
                Column = 15,
                EndColumn = 38,
                Source = "return self.wait(self.timeout)",
                SourceIndent = 8,
                Locals =
                [
                    new LocalVariable { Name = "self", Scope = VariableScope.Argument, Argument = true, Type = "Service", Value = "<Service at 0x7f00>" },
                    new LocalVariable { Name = "data", Scope = VariableScope.Local, Type = "str", Value = "'aaaa…", Length = 100_000 },
                    new LocalVariable { Name = "limit", Scope = VariableScope.Free, Type = "int", Value = "3" },
                    new LocalVariable { Name = "torn", Scope = VariableScope.Local, Unreadable = "8 bytes at 0x10 can't be read" },
                ],
            },
            new NativeFrame("run_it", "/usr/lib/libfoo.so", 0x7f0012) { File = "foo.c", Line = 3, Inlined = true },
            new NativeFrame(null, "/usr/lib/libfoo.so", 0x7f0034),
            Frame("<module>", "/app/y.py", 3, "handle()"),
        ],
    };

    public static ThreadStack Worker(int tid, string name, int owner) => new()
    {
        Tid = tid,
        Ident = (ulong)tid * 16,
        Name = name,
        State = ThreadState.Sleeping,
        HoldsGil = false,
        WaitingFor = new WaitReason
        {
            Kind = WaitKind.RLock,
            Address = 0x7f12,
            OwnerTid = owner,
            Description = $"RLock held by thread {owner}",
        },
        Frames = [Frame("run", "/app/x.py", 20 + tid % 10, "with other:")],
    };

    public static StackReport With(params ThreadStack[] threads) => Deadlocked() with { Deadlocks = [], Notes = [], Threads = threads };

    public static ThreadStack Stack(params StackFrame[] frames) => new() { Tid = 1, Ident = 1, State = ThreadState.Sleeping, Frames = frames };
}

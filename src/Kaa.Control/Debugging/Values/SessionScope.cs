using Kaa.Control.Debugging.Stack;
using Kaa.Control.Debugging.Symbols;
using Kaa.Formats;
using Kaa.Formats.Elf;
using Kaa.Python.Inspection;
using Kaa.Results;
using Kaa.Target.Arch;

namespace Kaa.Control.Debugging.Values;

/// <summary>The selected frame's registers, the target's symbols and memory, the session's own variables.</summary>
public sealed class SessionScope(DebugSession session) : IValueScope
{
    private StructCatalog? _structs;

    public IMemory Memory => session.RequireStill().Memory;

    public DataValue? Register(string name)
    {
        if (session.Inferior is not { State: InferiorState.Core or InferiorState.Stopped } || session.Thread is null || X64RegisterFile.SizeOf(name) is not { } size)
            return null;
        FrameView frame = session.Stack.Frame;
        if (frame.Registers[name] is not { } value)
            return null;
        DataType type = name switch
        {
            "rip" or "pc" => DataType.Code.Pointer(),
            "rsp" or "rbp" or "sp" or "fp" => DataType.Void.Pointer(),
            "eflags" => DataType.FlagRegister,
            _ => DataType.Integer(size, signed: true) with { Kind = DataKind.Integer },
        };
        return new DataValue(type, value) { Register = name };
    }

    public DataValue? Variable(string name)
    {
        if (session.Values.Find(name) is { } known)
            return known;
        return name switch
        {
            "_thread" => DataValue.Integer(session.Thread?.Number ?? 0),
            "_tid" => DataValue.Integer(session.Thread?.Tid ?? 0),
            "_inferior" => DataValue.Integer(1),
            _ => null,
        };
    }

    public DataValue? History(int number) => number > 0 ? session.Values.Find(number) : session.Values.Back(-number);

    public DataValue? SignalField(string path) => (path, session.Inferior?.Target.Info.Signal) switch
    {
        ("si_signo", { } signal) => DataValue.Integer(signal.Number),
        ("_sifields._sigfault.si_addr", { Address: { } address }) => DataValue.Pointer(DataType.Void, new Address(address)),
        _ => null,
    };

    public DataValue? Symbol(string name)
    {
        if (name.Length == 4 && name.StartsWith("arg", StringComparison.Ordinal) && name[3] is >= '0' and <= '5')
            return Register(((ReadOnlySpan<string>)["rdi", "rsi", "rdx", "rcx", "r8", "r9"])[name[3] - '0']);
        if (session.Inferior is not { } inferior || inferior.Names.Find(name) is not { } symbol)
            return null;
        return new DataValue(symbol.IsCode || IsCode(inferior, symbol) ? DataType.Code : DataType.Data, 0, symbol.Start) { Symbol = name };
    }

    public DataValue Call(DataValue function, IReadOnlyList<DataValue> arguments)
    {
        if (session.RequireLive().IsShownWaiting)
            throw new Execution.StandstillNeeded();
        _ = session.RequireStill();
        return session.Caller is { } caller ? caller(function, arguments) : throw new UserError("no-call", "Functions can't be called here.");
    }

    public PyStruct? Struct(string name) => Structs?.Find(name);

    public void Assign(DataValue place, DataValue value)
    {
        if (place.Symbol is ['$', ..] variable && place.Place is null)
        {
            session.Values.Set(variable[1..], value with { Place = value.Type.Size == 0 ? value.Place : null, Register = null });
            return;
        }

        if (place.Register is { } register)
        {
            RegisterChange.Make(session, register, Operators.BitsAs(place.Type, value));
            return;
        }

        if (place.Place is not { } at || place.Type.Size is not (1 or 2 or 4 or 8) || place.Type.Kind is DataKind.Struct or DataKind.Array or DataKind.Unknown)
            throw new UserError("read-only", "Left operand of assignment is not an lvalue.", "a cast says of which type it is: set var *(int *) ADDRESS = VALUE");
        Span<byte> bytes = stackalloc byte[8];
        BitConverter.TryWriteBytes(bytes, Operators.BitsAs(place.Type, value));
        session.RequireStill().Write(at, bytes[..place.Type.Size]);
    }

    private StructCatalog? Structs
    {
        get
        {
            if (_structs is null && session.Inferior?.Python is { } python)
                _structs = new StructCatalog(python);
            return _structs;
        }
    }

    private static bool IsCode(Inferior inferior, SymbolPlace symbol) =>
        symbol.Type == ElfSymbolType.None && inferior.Target.Modules.FindMapping(symbol.Start) is { } mapping && mapping.Can(Kaa.Formats.ProcText.MappingAccess.Execute);
}

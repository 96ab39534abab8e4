using Kaa.Formats;
using Kaa.Python.Inspection;

namespace Kaa.Control.Debugging.Values;

/// <summary>Where an expression finds what it names.</summary>
public interface IValueScope
{
    IMemory Memory { get; }

    /// <summary>A register of the selected frame; null where there is none of that name, or it is not known.</summary>
    DataValue? Register(string name);

    /// <summary>A variable of <c>set</c>'s; null where there is none.</summary>
    DataValue? Variable(string name);

    /// <summary>By gdb's number; null where there is none. 0 and below count back from the last.</summary>
    DataValue? History(int number);

    /// <summary>Null where no module defines it.</summary>
    DataValue? Symbol(string name);

    /// <summary>A field of <c>$_siginfo</c> (<c>_sifields._sigfault.si_addr</c>): what is known of the signal that ended the process; null where nothing is.</summary>
    DataValue? SignalField(string path);

    /// <summary>A struct of CPython's; null where there is none of that name.</summary>
    PyStruct? Struct(string name);

    /// <summary>Calls a function of the process.</summary>
    /// <exception cref="Kaa.Results.UserError">It can't be called, or not here and now.</exception>
    DataValue Call(DataValue function, IReadOnlyList<DataValue> arguments);

    /// <exception cref="Kaa.Results.UserError">It can't be changed.</exception>
    void Assign(DataValue place, DataValue value);
}

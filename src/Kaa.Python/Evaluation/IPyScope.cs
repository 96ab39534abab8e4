using Kaa.Formats;

namespace Kaa.Python.Evaluation;

/// <summary>Where names are looked up.</summary>
public interface IPyScope
{
    /// <summary>Null where nothing has that name.</summary>
    (Address Object, NameOrigin Origin)? Find(string name);

    /// <summary>The value of a register of the selected frame (<c>rax</c>); null where it is not known.</summary>
    ulong? Register(string name);
}

public enum NameOrigin
{
    Local,
    Global,
    Builtin,
}

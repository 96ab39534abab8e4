using Kaa.Results;

namespace Kaa.Control.Debugging.Values;

/// <summary>A type as it stands in a cast: <c>unsigned long *</c>, <c>struct _ts *</c>, <c>PyObject **</c>.</summary>
internal sealed class TypeWords(IValueScope scope)
{
    /// <summary>True where the words that follow begin a type.</summary>
    public bool Begins(ExpressionWord word) => word.Kind == ExpressionWordKind.Name
        && (word.Text is "const" or "volatile" or "unsigned" or "signed" or "struct" or "union" or "enum" || Plain(word.Text) is not null || scope.Struct(word.Text) is not null);

    /// <param name="take">Takes the word, and gives the next one.</param>
    public DataType Read(ref ExpressionWord word, Func<ExpressionWord> take)
    {
        DataType? type = null;
        bool? signed = null;
        int longs = 0;
        while (word.Kind == ExpressionWordKind.Name)
        {
            string name = word.Text;
            if (name is "unsigned" or "signed")
                signed = name == "signed";
            else if (name == "long")
                longs++;
            else if (name is not ("const" or "volatile" or "struct" or "union" or "enum" or "int") || (name == "int" && type is null && longs == 0))
                type = name is "const" or "volatile" or "struct" or "union" or "enum" ? type : Named(name);
            word = take();
        }

        type = longs > 0 && type?.Kind != DataKind.Float ? DataType.Integer(8, signed ?? true) : type ?? DataType.Integer(4, signed ?? true);
        if (signed is { } isSigned && type.IsNumber)
            type = DataType.Integer(type.Size, isSigned);
        while (word.Is("*") || (word.Kind == ExpressionWordKind.Name && word.Text is "const"))
        {
            type = word.Is("*") ? type.Pointer() : type;
            word = take();
        }

        return word.Is("(") ? FunctionPointer(type, ref word, take) : type;
    }

    /// <summary><c>(*)(const char *, int)</c>: what the parameters are, the arguments tell.</summary>
    private static DataType FunctionPointer(DataType returns, ref ExpressionWord word, Func<ExpressionWord> take)
    {
        foreach (string sign in (ReadOnlySpan<string>)["(", "*", ")"])
        {
            if (!word.Is(sign))
                throw ExpressionWords.Error("A pointer to a function is written as in (int (*)(const char *)).");
            word = take();
        }

        int depth = 0;
        do
        {
            depth += word.Is("(") ? 1 : word.Is(")") ? -1 : 0;
            if (word.Kind == ExpressionWordKind.End)
                throw ExpressionWords.Error("A pointer to a function is written as in (int (*)(const char *)).");
            word = take();
        }
        while (depth > 0);
        return new DataType(returns.Name + " (*)()", DataKind.Pointer, 8, Signed: false, DataType.Code with { Name = returns.Name + " ()", Returns = returns });
    }

    public DataType Named(string name)
    {
        if (Plain(name) is { } plain)
            return plain;
        if (name.EndsWith('*'))
            return Named(name[..^1].TrimEnd()).Pointer();
        return scope.Struct(name) is { } known
            ? new DataType(known.Name, DataKind.Struct, 0, Struct: known)
            : throw new UserError("no-type", $"No symbol \"{name}\" in current context.", "casts know C's integers, char*, void*, double, and structs of CPython's: help print");
    }

    private static DataType? Plain(string name) => name switch
    {
        "void" => DataType.Void,
        "char" => DataType.Char,
        "bool" or "_Bool" => new DataType("bool", DataKind.Integer, 1, false),
        "short" => DataType.Integer(2, true),
        "int" => DataType.Int,
        "long" => DataType.Long,
        "float" => new DataType("float", DataKind.Float, 4),
        "double" => new DataType("double", DataKind.Float, 8),
        "int8_t" or "uint8_t" or "int16_t" or "uint16_t" or "int32_t" or "uint32_t" or "int64_t" or "uint64_t" =>
            DataType.Integer(int.Parse(name.AsSpan(name[0] == 'u' ? 4 : 3).TrimEnd("_t")) / 8, name[0] != 'u') with { Name = name },
        "size_t" or "uintptr_t" or "ulong" => DataType.UnsignedLong with { Name = name },
        "ssize_t" or "intptr_t" or "off_t" or "time_t" or "Py_ssize_t" or "Py_hash_t" => DataType.Long with { Name = name },
        "pid_t" => DataType.Int with { Name = name },
        "mode_t" or "uid_t" or "gid_t" or "uint" or "digit" => DataType.Integer(4, false) with { Name = name },
        _ => null,
    };
}

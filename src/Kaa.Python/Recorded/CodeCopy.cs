using Kaa.Python.Layout;

namespace Kaa.Python.Recorded;

/// <summary>What to copy of a code object so that its name, file and lines can be read when it is gone.</summary>
/// <param name="Size">Bytes of the object itself.</param>
/// <param name="References">Offsets of its references: the line table, then file, name and qualified name where there is one.</param>
/// <param name="Length">Offset of the length in what they refer to.</param>
public sealed record CodeCopy(int Size, IReadOnlyList<int> References, int Length)
{
    public static CodeCopy Of(PythonProcess process)
    {
        CodeLayout code = process.Layout.Code;
        var references = new List<int> { code.co_linetable, code.co_filename, code.co_name };
        if (code.co_qualname != Offset.Absent)
            references.Add(code.co_qualname);
        return new CodeCopy(code.Extent, references, process.ObjectLayout.ob_size);
    }
}

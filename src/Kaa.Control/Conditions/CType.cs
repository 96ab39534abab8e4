namespace Kaa.Control.Conditions;

/// <summary>A type of C, as it stands in a cast.</summary>
/// <param name="Size">Bytes of what the stars point to, or of the number itself.</param>
internal readonly record struct CType(int Size, bool Signed, int Stars)
{
    /// <summary>Takes a type's words; null, and nothing taken, where none stands there.</summary>
    public static CType? Find(ConditionParser parser)
    {
        int size = 0;
        bool? isSigned = null;
        bool any = false;
        while (parser.Word.Kind == WordKind.Name && IsWord(parser.Word.Text))
        {
            string word = parser.Take().Text;
            any = true;
            isSigned = word is "unsigned" || word.StartsWith("uint", StringComparison.Ordinal) || word == "size_t" ? false : isSigned;
            size = SizeOf(word) is > 0 and int known ? known : size;
        }

        if (!any)
            return null;
        int stars = 0;
        while (parser.TryTake("*"))
            stars++;
        return new CType(size == 0 ? 4 : size, isSigned ?? true, stars);
    }

    private static bool IsWord(string word) => word is "const" or "unsigned" or "signed" or "struct" || SizeOf(word) > 0;

    private static int SizeOf(string word) => word switch
    {
        "char" or "int8_t" or "uint8_t" => 1,
        "short" or "int16_t" or "uint16_t" => 2,
        "int" or "int32_t" or "uint32_t" or "pid_t" or "mode_t" => 4,
        "long" or "size_t" or "ssize_t" or "off_t" or "void" or "int64_t" or "uint64_t" or "intptr_t" or "uintptr_t" => 8,
        _ => 0,
    };
}

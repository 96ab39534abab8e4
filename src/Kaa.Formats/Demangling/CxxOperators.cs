namespace Kaa.Formats.Demangling;

internal enum CxxArity : byte
{
    Prefix,
    Postfix,
    Binary,

    /// <summary>Parsed in a way of its own, or a name only.</summary>
    Other,
}

/// <summary>The operators by their codes (Itanium C++ ABI, 5.1.3).</summary>
internal static class CxxOperators
{
    private static readonly Dictionary<string, (string Text, CxxArity Arity)> s_byCode = new(StringComparer.Ordinal)
    {
        ["aN"] = ("&=", CxxArity.Binary), ["aS"] = ("=", CxxArity.Binary), ["aa"] = ("&&", CxxArity.Binary),
        ["ad"] = ("&", CxxArity.Prefix), ["an"] = ("&", CxxArity.Binary), ["at"] = ("alignof ", CxxArity.Other),
        ["aw"] = ("co_await ", CxxArity.Prefix), ["az"] = ("alignof ", CxxArity.Other), ["cc"] = ("const_cast", CxxArity.Other),
        ["cl"] = ("()", CxxArity.Other), ["cm"] = (",", CxxArity.Binary), ["co"] = ("~", CxxArity.Prefix),
        ["dV"] = ("/=", CxxArity.Binary), ["da"] = ("delete[] ", CxxArity.Other), ["dc"] = ("dynamic_cast", CxxArity.Other),
        ["de"] = ("*", CxxArity.Prefix), ["dl"] = ("delete ", CxxArity.Other), ["ds"] = (".*", CxxArity.Binary),
        ["dt"] = (".", CxxArity.Other), ["dv"] = ("/", CxxArity.Binary), ["eO"] = ("^=", CxxArity.Binary),
        ["eo"] = ("^", CxxArity.Binary), ["eq"] = ("==", CxxArity.Binary), ["ge"] = (">=", CxxArity.Binary),
        ["gt"] = (">", CxxArity.Binary), ["ix"] = ("[]", CxxArity.Other), ["lS"] = ("<<=", CxxArity.Binary),
        ["le"] = ("<=", CxxArity.Binary), ["li"] = ("\"\" ", CxxArity.Other), ["ls"] = ("<<", CxxArity.Binary),
        ["lt"] = ("<", CxxArity.Binary), ["mI"] = ("-=", CxxArity.Binary), ["mL"] = ("*=", CxxArity.Binary),
        ["mi"] = ("-", CxxArity.Binary), ["ml"] = ("*", CxxArity.Binary), ["mm"] = ("--", CxxArity.Postfix),
        ["na"] = ("new[]", CxxArity.Other), ["ne"] = ("!=", CxxArity.Binary), ["ng"] = ("-", CxxArity.Prefix),
        ["nt"] = ("!", CxxArity.Prefix), ["nw"] = ("new", CxxArity.Other), ["oR"] = ("|=", CxxArity.Binary),
        ["oo"] = ("||", CxxArity.Binary), ["or"] = ("|", CxxArity.Binary), ["pL"] = ("+=", CxxArity.Binary),
        ["pl"] = ("+", CxxArity.Binary), ["pm"] = ("->*", CxxArity.Binary), ["pp"] = ("++", CxxArity.Postfix),
        ["ps"] = ("+", CxxArity.Prefix), ["pt"] = ("->", CxxArity.Other), ["qu"] = ("?", CxxArity.Other),
        ["rM"] = ("%=", CxxArity.Binary), ["rS"] = (">>=", CxxArity.Binary), ["rc"] = ("reinterpret_cast", CxxArity.Other),
        ["rm"] = ("%", CxxArity.Binary), ["rs"] = (">>", CxxArity.Binary), ["sc"] = ("static_cast", CxxArity.Other),
        ["ss"] = ("<=>", CxxArity.Binary), ["st"] = ("sizeof ", CxxArity.Other), ["sz"] = ("sizeof ", CxxArity.Prefix),
        ["te"] = ("typeid ", CxxArity.Prefix), ["ti"] = ("typeid ", CxxArity.Other), ["tr"] = ("throw", CxxArity.Other),
        ["tw"] = ("throw ", CxxArity.Prefix),
    };

    public static bool TryFind(string code, out string text, out CxxArity arity)
    {
        bool found = s_byCode.TryGetValue(code, out (string Text, CxxArity Arity) entry);
        (text, arity) = (entry.Text, entry.Arity);
        return found;
    }

    /// <summary>The builtin types of one letter (5.1.5.2); null where the letter stands for none.</summary>
    public static string? Builtin(char letter) => letter switch
    {
        'v' => "void", 'w' => "wchar_t", 'b' => "bool", 'c' => "char", 'a' => "signed char", 'h' => "unsigned char",
        's' => "short", 't' => "unsigned short", 'i' => "int", 'j' => "unsigned int", 'l' => "long", 'm' => "unsigned long",
        'x' => "long long", 'y' => "unsigned long long", 'n' => "__int128", 'o' => "unsigned __int128", 'f' => "float",
        'd' => "double", 'e' => "long double", 'g' => "__float128", 'z' => "...",
        _ => null,
    };

    /// <summary>The builtin types of D and a letter; null where the letter stands for none.</summary>
    public static string? ExtendedBuiltin(char letter) => letter switch
    {
        'd' => "decimal64", 'e' => "decimal128", 'f' => "decimal32", 'h' => "half", 'i' => "char32_t", 's' => "char16_t",
        'u' => "char8_t", 'a' => "auto", 'c' => "decltype(auto)", 'n' => "decltype(nullptr)",
        _ => null,
    };
}

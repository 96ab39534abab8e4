using System.Globalization;
using Kaa.Linux.Calls;
using Kaa.Results;

namespace Kaa.Control.Tracing.Decoding;

/// <summary>What a call gave back, as it is shown.</summary>
internal static class ResultText
{
    private const int MaxErrno = 4095; // MAX_ERRNO, include/linux/err.h

    /// <summary><c>3</c>, <c>-1 ENOENT</c>, <c>0x7f…</c> for those that give an address.</summary>
    public static TraceResult OfSyscall(string name, long result)
    {
        if (result is < 0 and >= -MaxErrno)
        {
            string error = ErrorNames.Find(-result) ?? string.Create(CultureInfo.InvariantCulture, $"errno {-result}");
            return new TraceResult(result, error, "-1 " + error);
        }

        bool isAddress = name is "mmap" or "brk" or "mremap" or "shmat";
        string text = isAddress ? "0x" + result.ToString("x", CultureInfo.InvariantCulture) : result.ToString(CultureInfo.InvariantCulture);
        return new TraceResult(result, null, text);
    }

    /// <summary>Of a C function, whose type is not known: a number where it is a small one, else an address.</summary>
    public static TraceResult OfFunction(ulong register)
    {
        const uint SmallestNegative = 0xfffff000;
        const ulong LargestPlain = 0x7fffffff;
        long value = unchecked((long)register);

        // An int leaves the upper half as it was set last, which is mostly 0.
        if (register is >= SmallestNegative and <= uint.MaxValue)
            value = unchecked((int)register);
        bool isNumber = value < 0 ? value >= -MaxErrno : register <= LargestPlain;
        return new TraceResult(value, null, isNumber ? value.ToString(CultureInfo.InvariantCulture) : "0x" + register.ToString("x", CultureInfo.InvariantCulture));
    }
}

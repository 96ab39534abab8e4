using System.Text;
using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.ProcText;

namespace Kaa.Target.Cores;

/// <summary>
/// What the kernel put on the first thread's stack when the program began (create_elf_tables, fs/binfmt_elf.c): argc, argv, NULL, envp, NULL,
/// the auxiliary vector, random bytes, the strings.
/// </summary>
internal sealed class StartStack(IMemory memory, CoreNotes notes)
{
    private const int WordSize = 8;

    /// <summary>The platform's name, random bytes and alignment lie between the vector and what AT_RANDOM points to.</summary>
    private const int Gap = 512;

    /// <summary>How much of the vector must be found again.</summary>
    private const int ComparedLength = 64;

    /// <summary>The command line as <c>/proc/PID/cmdline</c> would give it; null where the stack is not in the core.</summary>
    public IReadOnlyList<string>? Command()
    {
        try
        {
            if (FindVector() is not { } vector || FindStrings(vector) is not var (start, end) || end <= start)
                return null;
            ulong length = (ulong)(end - start);
            return length <= Limits.CommandLine ? Split(start, (int)length) : null;
        }
        catch (TargetFault)
        {
            return null;
        }
    }

    private Address? FindVector()
    {
        ReadOnlySpan<byte> wanted = notes.AuxiliaryBytes.AsSpan(0, Math.Min(notes.AuxiliaryBytes.Length, ComparedLength));
        if (wanted.Length < ComparedLength || notes.Auxiliary?[AuxiliaryKey.Random] is not { } random)
            return null;
        byte[] below = new byte[Gap + notes.AuxiliaryBytes.Length];
        Address start = new Address(random) - below.Length;
        int found = below.AsSpan(0, memory.Read(start, below)).IndexOf(wanted);
        return found < 0 ? null : start + found;
    }

    /// <summary>From the first argument to the first variable of the environment.</summary>
    private (Address Start, Address End)? FindStrings(Address vector)
    {
        Address place = vector - (2 * WordSize);
        Address environment = Address.Null;
        int steps = 0;
        for (; memory.ReadPointer(place) is { IsNull: false } variable; place -= WordSize)
        {
            environment = variable;
            if (++steps > Limits.StartStrings)
                return null;
        }

        // argv from its end on, up to the number of those that were passed: argc.
        Address first = Address.Null;
        Address last = Address.Null;
        for (ulong count = 0; count < Limits.StartStrings; count++)
        {
            place -= WordSize;
            Address argument = memory.ReadPointer(place);
            if (argument.Value == count)
                return first.IsNull ? null : (first, environment.IsNull ? EndOf(last) : environment);
            last = last.IsNull ? argument : last;
            first = argument;
        }

        return null;
    }

    private Address EndOf(Address text) => text + memory.ReadCStringBytes(text, Limits.CommandLine).Length + 1;

    private List<string> Split(Address start, int length)
    {
        byte[] text = new byte[length];
        memory.ReadExactly(start, text);

        // Without its last NUL, setproctitle(3) has written a title there (get_mm_proctitle, fs/proc/base.c).
        return text[^1] == 0 ? NulSeparated.Split(text) : [Encoding.UTF8.GetString(memory.ReadCStringBytes(start, PageCache.PageSize))];
    }
}

using Kaa.Formats.ProcText;

namespace Kaa.Tests.Unit.Formats.Fuzz;

public sealed class DamagedProcTextTests
{
    private const int Rounds = 10_000;

    public static TheoryData<string> Files => ["maps", "stat", "status", "syscall", "cgroup", "auxv", "cmdline", "environ"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Damaged_text_is_bad_data_or_is_read(string file)
    {
        byte[] good = file == "syscall" ? "202 0x1 0x2 0x3 0x4 0x5 0x6 0x7ffd10 0x7fc5ec2322ad\n"u8.ToArray() : First(File.ReadAllBytes("/proc/self/" + file));
        (int refused, int accepted) = Mutation.Run(good, Rounds, bytes => Parse(file, bytes));
        accepted.ShouldBeGreaterThan(0);
        if (file is "maps" or "stat" or "status" or "syscall" or "auxv")
            refused.ShouldBeGreaterThan(0);
    }

    // A few lines are damaged more than all would be.
    private static byte[] First(byte[] bytes) => bytes[..Math.Min(bytes.Length, 2_000)];

    private static void Parse(string file, byte[] bytes)
    {
        switch (file)
        {
            case "maps":
                MapsParser.Parse(bytes);
                break;
            case "stat":
                StatParser.Parse(bytes);
                break;
            case "status":
                StatusParser.Parse(bytes);
                StatusParser.ContextSwitches(bytes);
                break;
            case "syscall":
                SyscallText.Parse(bytes);
                break;
            case "cgroup":
                _ = CgroupParser.FindContainer(bytes)?.Short;
                break;
            case "auxv":
                AuxiliaryVector.Parse(bytes);
                break;
            case "cmdline":
                NulSeparated.Split(bytes);
                break;
            default:
                NulSeparated.FindVariable(bytes, "PATH"u8);
                break;
        }
    }
}

using Kaa.Formats;
using Kaa.Formats.Cores;
using Kaa.Formats.Elf;
using Kaa.Results;
using Kaa.Target.Cores;
using Kaa.Tests.Unit.Formats.Cores;

namespace Kaa.Tests.Unit.Formats.Fuzz;

public sealed class DamagedCoreTests
{
    private const int Rounds = 6_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_damaged_core_is_bad_data_or_is_read(bool countInSection)
    {
        CoreBuilder builder = CoreFileTests.Good().Note("KAA", 1, [1, 2, 3]);
        builder.CountInSection = countInSection;
        (int refused, int accepted) = Mutation.Run(builder.Build(), Rounds, ReadAll);
        refused.ShouldBeGreaterThan(0);
        accepted.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Damaged_notes_never_break_the_rest()
    {
        byte[] good = CoreFileTests.Good().Build();
        int start = ElfHeader.Size + (3 * ElfProgramHeader.Size);
        (int refused, _) = Mutation.Run(good, Rounds, ReadAll, start..(good.Length - 0x3000));
        refused.ShouldBe(0);
    }

    /// <summary>The whole target: its mappings, modules, memory, command and notes.</summary>
    [Fact]
    public void A_target_of_a_damaged_core_is_refused_in_plain_words_or_opens()
    {
        string path = Path.GetTempFileName();
        try
        {
            byte[] good = CoreTargetTests.WithProgram(out _).Build();
            int opened = 0;
            for (int round = 0; round < 1_500; round++)
            {
                byte[] bytes = Mutation.Damaged(good, round);
                File.WriteAllBytes(path, bytes);
                opened += Open(path) ? 1 : 0;
            }

            opened.ShouldBeGreaterThan(100);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static bool Open(string path)
    {
        try
        {
            using CoreTarget target = CoreTarget.Open(path, new CoreOptions());
            foreach (Kaa.Target.Module module in target.Modules.Modules)
                _ = target.Images.For(module).FindSymbol("symbol_3");
            byte[] buffer = new byte[100_000];
            foreach (Kaa.Formats.ProcText.Mapping mapping in target.Mappings)
                target.Constants.Read(mapping.Start, buffer);
            _ = target.Notes;
            return true;
        }
        catch (UserError)
        {
            return false;
        }
    }

    private static void ReadAll(byte[] bytes)
    {
        using CoreFile core = CoreFile.Open(bytes);
        _ = core.MissingBytes;
        foreach (CoreVendorNote note in core.Notes.Vendor)
            core.ReadNote(note);
    }
}

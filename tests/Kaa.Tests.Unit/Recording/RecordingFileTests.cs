using Kaa.Formats;
using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;

namespace Kaa.Tests.Unit.Recording;

public sealed class RecordingFileTests
{
    private static readonly RecordedFrame Main = new(RecordedFrameKind.Python, "main", "/app/x.py", 10, null);
    private static readonly RecordedFrame Called = new(RecordedFrameKind.Python, "größer", "/app/x.py", 20, null);
    private static readonly RecordedFrame Native = new(RecordedFrameKind.Native, "json_loads", null, 0, "/lib/libjson.so");

    [Fact]
    public void What_was_written_is_read()
    {
        var facts = new RecordingFacts
        {
            Pid = 4711, ContainerPid = 7, Command = ["python3", "ä.py"], Version = "3.11.7", StartedAt = 1.79e9, SampleBytes = 4096, Native = true, Launched = true,
        };
        RecordingReader reader = Read(Write(facts));
        reader.Facts.ShouldBe(facts with { Command = reader.Facts.Command });
        reader.Facts.Command.ShouldBe(facts.Command);
        reader.Sizes.ShouldBe([new ProcessSize(5, 100, 50), new ProcessSize(9, 200, 60)]);
        reader.Lost.ShouldBe(3);
        reader.EndMicroseconds.ShouldBe(12);
        reader.Tables.Threads.ShouldBe([new RecordedThread(4711, "MainThread"), new RecordedThread(4712, null)]);
        reader.Tables.Frames(2).ShouldBe([Called, Main]);
        reader.Tables.Frames(3).ShouldBe([Native, Called, Main]);
        reader.Damage.ShouldBeNull();
    }

    [Fact]
    public void What_is_told_later_replaces_what_was_told_first()
    {
        using var file = new MemoryStream();
        var facts = new RecordingFacts { Pid = 4711, Launched = true };
        var writer = new RecordingWriter(file, facts);
        int first = writer.Thread(new RecordedThread(4711, "MainThread"));
        int second = writer.Thread(new RecordedThread(4712, "python"));
        writer.Flush();
        writer.Facts(facts with { Version = "3.14.0", Executable = "/usr/bin/python3.14" });
        writer.ThreadName(second, "worker");
        writer.ThreadName(second, "worker 2");
        writer.ThreadName(99, "nobody");
        writer.End(5, "exited");
        RecordingReader reader = Read(file.ToArray());
        reader.Facts.Version.ShouldBe("3.14.0");
        reader.Facts.Pid.ShouldBe(4711);
        reader.Tables.Thread(first).Name.ShouldBe("MainThread");
        reader.Tables.Thread(second).ShouldBe(new RecordedThread(4712, "worker 2"));
        reader.Damage.ShouldBeNull();
    }

    /// <summary>Addresses of code become functions, those that were inlined on top of the one that was compiled; what was not found stays an address.</summary>
    [Fact]
    public void Addresses_of_code_are_named_by_what_comes_later()
    {
        using var file = new MemoryStream();
        var writer = new RecordingWriter(file, new RecordingFacts { Native = true });
        int library = writer.Module("/lib/libleak.so", "abcd");
        int named = writer.AddressFrame(library, 0x1139, isReturn: true);
        int nameless = writer.AddressFrame(library, 0x2000, isReturn: true);
        int below = writer.Stack(0, writer.Frame(Main));
        int stack = writer.Stack(writer.Stack(below, named), nameless);
        int other = writer.Stack(writer.Stack(below, writer.Frame(Called)), named);
        writer.Flush();
        RecordedFrame inner = new(RecordedFrameKind.Native, "inner", "leak.c", 3, "/lib/libleak.so");
        RecordedFrame outer = new(RecordedFrameKind.Native, "outer", "leak.c", 9, "/lib/libleak.so");
        writer.Symbols(named, [inner with { Module = null }, outer with { Module = null }]);
        writer.End(5, "exited");
        RecordingReader reader = Read(file.ToArray());
        reader.Damage.ShouldBeNull();
        reader.Tables.Frames(stack).ShouldBe([new RecordedFrame(RecordedFrameKind.Native, null, null, 0, "/lib/libleak.so", 0x2000), inner, outer, Main]);
        reader.Tables.Frames(other).ShouldBe([inner, outer, Called, Main]);
    }

    [Fact]
    public void A_file_of_the_versions_before_is_read()
    {
        byte[] old = Write(new RecordingFacts());
        old[8].ShouldBe((byte)5);
        foreach (byte version in (ReadOnlySpan<byte>)[4, 3, 2])
        {
            old[8] = version;
            Read(old).Tables.Frames(2).ShouldBe([Called, Main]);
        }

        old[8] = 1;
        Should.Throw<BadData>(() => Read(old));
    }

    [Fact]
    public void Sums_are_read_as_they_were_written()
    {
        var site = new SiteSums(new AllocationSite(2, 1, AllocatorKind.Calloc), new Sum(9, 900, 5), new Sum(8, 800, 4), new Sum(7, 700, 3), new Sum(6, 600, 2), 77);
        using var file = new MemoryStream();
        var writer = new RecordingWriter(file, new RecordingFacts());
        writer.Sums(new RecordedSums { PeakMicroseconds = 99, Sites = [site] });
        RecordingReader reader = Read(file.ToArray());
        reader.Sums!.PeakMicroseconds.ShouldBe(99);
        reader.Sums.Sites.ShouldBe([site]);
    }

    /// <summary>A file that is being written, or that a full disk has cut: as much as is whole is read.</summary>
    [Fact]
    public void A_file_that_ends_anywhere_is_read_up_to_there()
    {
        byte[] whole = Write(new RecordingFacts());
        int facts = 0;
        for (int length = 0; length < whole.Length; length++)
        {
            try
            {
                RecordingReader reader = Read(whole[..length]);
                facts++;
                reader.EndMicroseconds.ShouldBeNull();
            }
            catch (BadData)
            {
                facts.ShouldBe(0);
            }
        }

        facts.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void A_flipped_bit_is_found()
    {
        byte[] whole = Write(new RecordingFacts());
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x10;
            bool isNoticed;
            try
            {
                RecordingReader reader = Read(damaged);
                isNoticed = reader.Damage is not null || reader.EndMicroseconds is null;
            }
            catch (BadData)
            {
                isNoticed = true;
            }

            // The first header's last four bytes and three bytes of each block's header mean nothing.
            if (!isNoticed)
                whole[at].ShouldBe((byte)0);
        }
    }

    [Fact]
    public void Garbage_gives_typed_errors_only()
    {
        var random = new Random(3);
        byte[] whole = Write(new RecordingFacts());
        for (int i = 0; i < 3_000; i++)
        {
            // Below the checksums: blocks whose content is wrong.
            byte[] content = new byte[random.Next(40)];
            random.NextBytes(content);
            using var file = new MemoryStream();
            file.Write(whole);
            file.Position = whole.Length;
            Append(file, (byte)random.Next(12), content);
            try
            {
                _ = AllocationAnalysis.Of(new RecordingReader(file), new AnalysisRequest());
            }
            catch (BadData)
            {
            }
        }
    }

    private static void Append(Stream stream, byte kind, byte[] content)
    {
        byte[] header = new byte[12];
        header[0] = kind;
        BitConverter.TryWriteBytes(header.AsSpan(4), content.Length);
        BitConverter.TryWriteBytes(header.AsSpan(8), Kaa.Recording.Format.RecordingFormat.Checksum((Kaa.Recording.Format.BlockKind)kind, content));
        stream.Write(header);
        stream.Write(content);
    }

    private static RecordingReader Read(byte[] bytes)
    {
        var reader = new RecordingReader(new MemoryStream(bytes));
        reader.Replay(new AllocationCounter(new SampleWeight(null), new AnalysisRequest()));
        return reader;
    }

    private static byte[] Write(RecordingFacts facts)
    {
        using var file = new MemoryStream();
        var writer = new RecordingWriter(file, facts);
        int main = writer.Stack(0, writer.Frame(Main));
        int called = writer.Stack(main, writer.Frame(Called));
        int native = writer.Stack(called, writer.Frame(Native));
        writer.Stack(0, writer.Frame(Main)).ShouldBe(main);
        int first = writer.Thread(new RecordedThread(4711, "MainThread"));
        int second = writer.Thread(new RecordedThread(4712, null));
        var recorder = new AllocationRecorder(writer.Events, null);
        recorder.Allocated(0x1000, 64, new AllocationSite(called, first, AllocatorKind.Malloc));
        recorder.Allocated(0x2000, 64, new AllocationSite(native, second, AllocatorKind.Malloc));
        recorder.At(5);
        recorder.Freed(0x1000);
        writer.Size(5, 100, 50);
        writer.Size(9, 200, 60);
        writer.Lost(9, 3);
        writer.End(12, "detached");
        return file.ToArray();
    }
}

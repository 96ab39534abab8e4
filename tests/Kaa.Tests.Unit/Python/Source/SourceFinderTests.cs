using System.IO.Compression;
using System.Text;
using Kaa.Python.Source;
using Kaa.Results;

namespace Kaa.Tests.Unit.Python.Source;

public sealed class SourceFinderTests
{
    private const string Program = "import time\n\n\ndef f():\n    time.sleep(1)  \n\tx = 2\nf()\n";

    [Fact]
    public void The_line_comes_without_indentation_which_is_counted_in_bytes()
    {
        PythonFrame frame = Find(new FakeFiles().Add("/a.py", Program), "/a.py", 5);
        frame.Source.ShouldBe("time.sleep(1)");
        frame.SourceIndent.ShouldBe(4);
        frame.Context.ShouldBeEmpty();
    }

    [Fact]
    public void Lines_around_it_are_as_they_stand_in_the_file()
    {
        PythonFrame frame = Find(new FakeFiles().Add("/a.py", Program), "/a.py", 5, lines: 4);
        frame.Context.ShouldBe([new(3, ""), new(4, "def f():"), new(5, "    time.sleep(1)"), new(6, "\tx = 2")]);
        Find(new FakeFiles().Add("/a.py", Program), "/a.py", 7, lines: 3).Context.Select(line => line.Number).ShouldBe([6, 7]);
    }

    [Fact]
    public void A_file_that_is_gone_is_noted_once()
    {
        using var finder = new SourceFinder(new FakeFiles(), 100);
        finder.AddTo(Frame("/gone.py", 1), 1).Source.ShouldBeNull();
        finder.AddTo(Frame("/gone.py", 2), 1).Source.ShouldBeNull();
        finder.Notes.ShouldHaveSingleItem().Code.ShouldBe(NoteCodes.SourceGone);
        finder.Notes[0].Subject.ShouldBe("/gone.py");
    }

    [Theory]
    [InlineData(99, false)]
    [InlineData(100.5, false)]
    [InlineData(102, true)]
    public void A_file_that_changed_after_the_start_is_noted(double modified, bool noted)
    {
        using var finder = new SourceFinder(new FakeFiles().Add("/a.py", Program, modified), 100);
        finder.AddTo(Frame("/a.py", 1), 1).Source.ShouldBe("import time");
        finder.Notes.Any(note => note.Code == NoteCodes.SourceChanged).ShouldBe(noted);
    }

    [Theory]
    [InlineData("<string>")]
    [InlineData("<frozen importlib._bootstrap>")]
    [InlineData("")]
    public void Code_without_a_file_is_not_looked_for(string name)
    {
        var files = new FakeFiles { WorkingDirectory = "/" };
        using var finder = new SourceFinder(files, 100);
        finder.AddTo(Frame(name, 1), 1).Source.ShouldBeNull();
        files.Opened.ShouldBe(0);
        finder.Notes.ShouldBeEmpty();
    }

    [Fact]
    public void A_relative_name_is_taken_from_the_current_directory_and_noted()
    {
        using var finder = new SourceFinder(new FakeFiles { WorkingDirectory = "/srv" }.Add("/srv/a.py", Program), null);
        finder.AddTo(Frame("a.py", 1), 1).Source.ShouldBe("import time");
        finder.Notes.ShouldHaveSingleItem().Code.ShouldBe(NoteCodes.SourceRelative);
    }

    [Theory]
    [InlineData("", CompressionLevel.NoCompression)]
    [InlineData("", CompressionLevel.Optimal)]
    [InlineData("#!/usr/bin/env python3\n", CompressionLevel.Optimal)]
    public void Files_are_found_in_archives_whatever_stands_in_front(string front, CompressionLevel level)
    {
        FakeFiles files = new FakeFiles().Add("/app/x.pex", Zip(front, level, ("pkg/mod.py", Program), ("other.py", "x\n")), 200);
        using var finder = new SourceFinder(files, 100);
        finder.AddTo(Frame("/app/x.pex/pkg/mod.py", 4), 1).Source.ShouldBe("def f():");
        finder.AddTo(Frame("/app/x.pex/pkg/none.py", 4), 1).Source.ShouldBeNull();
        finder.Notes.Select(note => note.Code).ShouldBe([NoteCodes.SourceChanged, NoteCodes.SourceGone]);
    }

    [Fact]
    public void A_damaged_archive_is_as_if_the_file_were_gone()
    {
        byte[] zip = Zip("", CompressionLevel.Optimal, ("mod.py", Program));
        for (int at = 0; at < zip.Length; at++)
        {
            byte[] damaged = [.. zip];
            damaged[at] ^= 0xff;
            using var finder = new SourceFinder(new FakeFiles().Add("/x.zip", damaged), null);
            Should.NotThrow(() => finder.AddTo(Frame("/x.zip/mod.py", 4), 1));
        }
    }

    [Theory]
    [InlineData("x = 'é'\n", "utf-8", "x = 'é'")]
    [InlineData("\ufeffx = 'é'\n", "utf-8", "x = 'é'")]
    [InlineData("# -*- coding: latin-1 -*-\nx = 'é'\n", "latin1", "x = 'é'")]
    [InlineData("#!/usr/bin/python\n# vim: set fileencoding=ISO_8859-1 :\nx = 'é'\n", "latin1", "x = 'é'")]
    [InlineData("x = 1\n# coding: latin-1\nx = 'é'\n", "latin1", "x = '\ufffd'")]
    [InlineData("# coding: koi8-r\nx = 'é'\n", "latin1", "x = '\ufffd'")]
    public void A_file_is_read_in_its_own_encoding(string text, string encoding, string line)
    {
        byte[] bytes = Encoding.GetEncoding(encoding).GetBytes(text);
        Find(new FakeFiles().Add("/a.py", bytes), "/a.py", text.Split('\n').Length - 1).Source.ShouldBe(line);
    }

    [Theory]
    [InlineData("a\r\nb\rc\nd", 4, "d")]
    [InlineData("a\r\nb\rc\nd", 2, "b")]
    [InlineData("a\n\fb\n", 2, "b")]
    [InlineData("a\n", 2, null)]
    [InlineData("a\n", 0, null)]
    public void Lines_end_as_Python_ends_them(string text, int line, string? expected) =>
        Find(new FakeFiles().Add("/a.py", text), "/a.py", line).Source.ShouldBe(expected);

    private static PythonFrame Frame(string file, int line) => new("f") { File = file, Line = line };

    private static PythonFrame Find(FakeFiles files, string file, int line, int lines = 1)
    {
        using var finder = new SourceFinder(files, null);
        return finder.AddTo(Frame(file, line), lines);
    }

    private static byte[] Zip(string front, CompressionLevel level, params (string Name, string Text)[] members)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, string text) in members)
            {
                using Stream entry = zip.CreateEntry(name, level).Open();
                entry.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        return [.. Encoding.ASCII.GetBytes(front), .. stream.ToArray()];
    }
}

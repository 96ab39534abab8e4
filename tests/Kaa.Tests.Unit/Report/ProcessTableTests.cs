using Kaa.Report.Json;
using Kaa.Report.Text;
using Kaa.Results;

namespace Kaa.Tests.Unit.Report;

public sealed class ProcessTableTests
{
    private static readonly ProcessSummary[] Processes =
    [
        new()
        {
            Pid = 812, Version = "3.11.2", Threads = 4, CpuPercent = 12.345, State = ThreadState.Sleeping, User = "www-data",
            Command = ["/usr/bin/python3", "-c", "print('hi')"],
        },
        new()
        {
            Pid = 40123, ContainerPid = 1, Container = "3f2a91bc77de", Implementation = "pypy", Threads = 1, User = "1000",
            Command = ["pypy3", "\e[31mserver.py"],
            Hindrances = [new Note("implementation", "this is PyPy, which kaa can't read")],
            Leftovers = [new Note("agent", "an agent of kaa 0.1.0 is in it")],
        },
    ];

    [Fact]
    public void Columns_are_aligned_and_hindrances_stand_under_their_process() => Approved.ShouldBe("ps.txt", Print(Processes, 0));

    [Fact]
    public void Columns_for_containers_are_left_out_where_there_is_none() => Approved.ShouldBe("ps.host.txt", Print(Processes[..1], 0));

    [Fact]
    public void Rows_are_cut_at_the_width_of_the_terminal() =>
        Print(Processes[..1], 30).Split('\n').ShouldAllBe(line => line.Length <= 30);

    [Fact]
    public void The_same_as_JSON() =>
        Approved.ShouldBe("ps.json", StackJsonTests.Pretty(StackJsonTests.Print(json => ProcessJson.Write(Processes, json))));

    private static string Print(ProcessSummary[] processes, int width)
    {
        var text = new StringWriter();
        ProcessTable.Write(processes, new StyledWriter(text, false), width);
        return text.ToString();
    }
}

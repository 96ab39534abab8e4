using Kaa.Formats.ProcText;
using Shouldly;
using Xunit;

namespace Kaa.Tests.Unit.Formats.ProcText;

public sealed class SocketTableTests
{
    private const string Tcp = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
           1: 0100007F:9D82 0500000A:1538 01 00000000:00000000 02:000000A0 00000000   100        0 47 2 0000000000000000 20 4 30 10 -1
          """;

    private const string Tcp6 = """
          sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 00000000000000000000000001000000:0050 B80D0120000000000000000001000000:C350 01 00000000:00000000 00:00000000 00000000     0        0 8 1 0
           1: 0000000000000000FFFF00000100007F:0050 0000000000000000FFFF00000100007F:C351 01 00000000:00000000 00:00000000 00000000     0        0 9 1 0
          """;

    private const string Unix = """
          Num       RefCount Protocol Flags    Type St Inode Path
          0000000000000000: 00000002 00000000 00010000 0001 01 20 /run/a b.sock
          0000000000000000: 00000003 00000000 00000000 0001 03 21
          """;

    [Theory]
    [InlineData(4711UL, "listening on 127.0.0.1:8080")]
    [InlineData(47UL, "127.0.0.1:40322 → 10.0.0.5:5432")]
    [InlineData(471UL, null)]
    public void A_tcp_socket_is_found_by_its_inode(ulong inode, string? expected) =>
        SocketTable.FindInternet(Bytes(Tcp), inode).ShouldBe(expected);

    [Theory]
    [InlineData(8UL, "[::1]:80 → [2001:db8::1]:50000")]
    [InlineData(9UL, "127.0.0.1:80 → 127.0.0.1:50001")]
    public void Addresses_of_version_6_are_written_as_people_write_them(ulong inode, string expected) =>
        SocketTable.FindInternet(Bytes(Tcp6), inode).ShouldBe(expected);

    [Theory]
    [InlineData(20UL, "/run/a b.sock")]
    [InlineData(21UL, "")]
    [InlineData(2UL, null)]
    public void A_unix_socket_has_a_path_or_none(ulong inode, string? expected) =>
        SocketTable.FindUnix(Bytes(Unix), inode).ShouldBe(expected);

    [Fact]
    public void Lines_that_are_cut_anywhere_are_not_found_or_found_whole()
    {
        byte[] whole = Bytes(Tcp6);
        for (int length = 0; length <= whole.Length; length++)
            (SocketTable.FindInternet(whole.AsSpan(0, length), 9) ?? "127.0.0.1:80 → 127.0.0.1:50001").ShouldBe("127.0.0.1:80 → 127.0.0.1:50001");
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}

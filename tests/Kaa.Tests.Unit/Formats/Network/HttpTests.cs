using System.Text;
using Kaa.Formats;
using Kaa.Formats.Network;

namespace Kaa.Tests.Unit.Formats.Network;

public sealed class HttpTests
{
    [Theory]
    [InlineData("http://h", false, "h", 80, "")]
    [InlineData("https://h/", true, "h", 443, "")]
    [InlineData("HTTP://10.0.0.1:8002/a/b/", false, "10.0.0.1", 8002, "/a/b")]
    [InlineData("http://[::1]:81/x", false, "::1", 81, "/x")]
    public void An_address_has_its_parts(string url, bool secure, string host, int port, string path) =>
        HttpAddress.Parse(url).ShouldBe(new HttpAddress(secure, host, (ushort)port, path));

    [Theory]
    [InlineData("")]
    [InlineData("ftp://h")]
    [InlineData("http://")]
    [InlineData("http://:80")]
    [InlineData("http://h:x")]
    [InlineData("http://h:70000")]
    [InlineData("http://u@h")]
    [InlineData("http://h/a b")]
    [InlineData("http://h/a\r\nX: y")]
    [InlineData("http://[::1")]
    public void Anything_else_is_none(string url) => HttpAddress.Parse(url).ShouldBeNull();

    [Fact]
    public void A_head_is_read_once_it_is_whole()
    {
        byte[] bytes = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nServer: x\r\ncontent-LENGTH:  12 \r\n\r\nbody");
        for (int length = 0; length < bytes.Length - 4; length++)
            HttpResponseHead.TryRead(bytes.AsSpan(0, length)).ShouldBeNull();
        HttpResponseHead.TryRead(bytes).ShouldBe(new HttpResponseHead(200, 12, false, bytes.Length - 4));
    }

    [Theory]
    [InlineData("HTTP/1.0 404 Not Found", 404, false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", 200, true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: identity", 200, false)]
    public void Status_and_encoding_are_told(string head, int status, bool isEncoded) =>
        HttpResponseHead.TryRead(Encoding.ASCII.GetBytes(head + "\r\n\r\n")).ShouldBe(new HttpResponseHead(status, null, isEncoded, head.Length + 4));

    [Theory]
    [InlineData("SSH-2.0-x")]
    [InlineData("HTTP/1.1 20")]
    [InlineData("HTTP/1.1 2x0 OK")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1x")]
    public void What_is_no_HTTP_is_bad_data(string head) =>
        Should.Throw<BadData>(() => HttpResponseHead.TryRead(Encoding.ASCII.GetBytes(head + "\r\n\r\n")));
}

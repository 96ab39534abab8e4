using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kaa.Tests.Live.Harness;

/// <summary>A debuginfod server on the loopback: answers <c>GET /buildid/ID/debuginfo</c> with a file, or in any way that a test wants.</summary>
public sealed class DebuginfodServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, byte[]> _answer;
    private readonly Task _serving;

    /// <param name="answer">From the path of a request to all bytes of the answer.</param>
    public DebuginfodServer(Func<string, byte[]> answer)
    {
        _answer = answer;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _serving = Task.Run(Serve);
    }

    public int Port { get; }

    /// <summary>Paths that were asked for.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public static byte[] Ok(byte[] body) => [.. Head($"200 OK\r\nContent-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}"), .. body];

    public static byte[] NotFound { get; } = Head("404 Not Found\r\nContent-Length: 0");

    /// <param name="lines">Behind the version, without the end.</param>
    public static byte[] Head(string lines) => Encoding.ASCII.GetBytes("HTTP/1.1 " + lines + "\r\n\r\n");

    public void Dispose()
    {
        _listener.Stop();
        _serving.Wait();
        _listener.Dispose();
    }

    private void Serve()
    {
        try
        {
            while (true)
            {
                using TcpClient client = _listener.AcceptTcpClient();
                using NetworkStream stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                string path = reader.ReadLine()!.Split(' ')[1];
                while (reader.ReadLine() is { Length: > 0 })
                {
                }

                Requests.Enqueue(path);
                stream.Write(_answer(path));
            }
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }
}

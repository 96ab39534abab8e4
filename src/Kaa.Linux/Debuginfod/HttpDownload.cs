using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Kaa.Formats;
using Kaa.Formats.Network;
using Kaa.Linux.Calls;
using Kaa.Linux.Files;

namespace Kaa.Linux.Debuginfod;

/// <summary>
/// Gets a file by HTTP without TLS. It asks by version 1.0, whose answers have no chunks and end with the connection; where the server says how long the body
/// is, that is checked.
/// </summary>
internal static class HttpDownload
{
    private const int Piece = 64 << 10;
    private const int LongestHead = 64 << 10;

    /// <param name="path">Below the server's own path, with a slash in front.</param>
    /// <param name="target">Where it goes once it is whole; replaced where it is there already.</param>
    /// <exception cref="Kaa.Results.UserError">It can't be written.</exception>
    public static DownloadResult Get(HttpAddress server, string path, string target, TimeSpan patience, out string? problem)
    {
        using Connection? connection = Connect(server, patience, out problem);
        if (connection is null)
            return DownloadResult.Failed;
        string host = server.Host.Contains(':') ? "[" + server.Host + "]" : server.Host;
        string request = string.Create(
            CultureInfo.InvariantCulture, $"GET {server.Path}{path} HTTP/1.0\r\nHost: {host}:{server.Port}\r\nUser-Agent: kaa\r\nConnection: close\r\n\r\n");
        if (!connection.Send(Encoding.ASCII.GetBytes(request)))
            return Failed("the connection broke", out problem);
        try
        {
            return Receive(connection, target, out problem);
        }
        catch (BadData bad)
        {
            return Failed(bad.Rule, out problem);
        }
    }

    private static Connection? Connect(HttpAddress server, TimeSpan patience, out string? problem)
    {
        List<byte[]> addresses = HostNames.Find(server.Host);
        problem = addresses.Count == 0 ? "its name is not known" : null;
        foreach (byte[] address in addresses)
        {
            if (Connection.Open(Connection.Stream, address, server.Port, patience) is { } connection)
                return connection;
            problem = Errno.Last == Errno.InProgress ? "it does not answer" : Marshal.GetPInvokeErrorMessage(Errno.Last);
        }

        return null;
    }

    private static DownloadResult Receive(Connection connection, string target, out string? problem)
    {
        byte[] buffer = new byte[LongestHead];
        int filled = 0;
        HttpResponseHead? head = null;
        while (head is null)
        {
            int got = filled < buffer.Length ? connection.Receive(buffer.AsSpan(filled)) : 0;
            if (got <= 0)
                return Failed("no answer by HTTP came", out problem);
            filled += got;
            head = HttpResponseHead.TryRead(buffer.AsSpan(0, filled));
        }

        HttpResponseHead answer = head.Value;
        problem = null;
        if (answer.Status == 404)
            return DownloadResult.Absent;
        if (answer.Status != 200 || answer.IsEncoded)
            return Failed(answer.IsEncoded ? "it sends in a form that was not asked for" : string.Create(CultureInfo.InvariantCulture, $"it answers with status {answer.Status}"), out problem);
        if (answer.Length > Limits.DebugDownload)
            return Failed("the file is too large", out problem);
        using NewFile file = NewFile.Create(target, force: true);
        long length = Body(connection, file, buffer.AsSpan(answer.Size, filled - answer.Size), out problem);
        if (problem is null && answer.Length is { } expected && length != expected)
            problem = "the connection ended before the file did";
        if (problem is not null)
            return DownloadResult.Failed;
        file.Publish();
        return DownloadResult.Done;
    }

    private static long Body(Connection connection, NewFile file, ReadOnlySpan<byte> first, out string? problem)
    {
        problem = null;
        file.WriteAt(0, first);
        long length = first.Length;
        byte[] piece = new byte[Piece];
        while (true)
        {
            int got = connection.Receive(piece);
            if (got < 0)
                problem = "nothing came for too long";
            else if (length + got > Limits.DebugDownload)
                problem = "the file is too large";
            if (got <= 0 || problem is not null)
                return length;
            file.WriteAt(length, piece.AsSpan(0, got));
            length += got;
        }
    }

    private static DownloadResult Failed(string reason, out string? problem)
    {
        problem = reason;
        return DownloadResult.Failed;
    }
}

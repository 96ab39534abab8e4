namespace Kaa.Linux.Debuginfod;

internal enum DownloadResult
{
    /// <summary>The file is where it was wanted.</summary>
    Done,

    /// <summary>The server does not have it.</summary>
    Absent,

    /// <summary>Whatever else; the problem says what.</summary>
    Failed,
}

using System.Runtime.CompilerServices;

namespace Kaa.Tests.Unit.Report;

/// <summary>
/// Compares an output with the file of that name in <c>approved/</c>. A difference leaves a <c>.received</c> file beside it, to be
/// looked at and, where it is right, renamed.
/// </summary>
internal static class Approved
{
    public static void ShouldBe(string name, string text, [CallerFilePath] string caller = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(caller)!, "approved", name);
        string expected = File.Exists(path) ? File.ReadAllText(path) : "";
        string received = path + ".received";
        if (expected != text)
            File.WriteAllText(received, text);
        else
            File.Delete(received);
        text.ShouldBe(expected);
    }
}

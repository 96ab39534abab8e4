namespace Kaa.Cli;

internal static class Program
{
    private static int Main(string[] args)
    {
        Console.Out.WriteLine("kaa " + args.Length);
        return 0;
    }
}

using Kaa.Control.Debugging.Commands;

namespace Kaa.Control.Debugging.Words;

/// <summary>All words that change nothing in the target; the others are added by whoever changes it.</summary>
public static class ReadingWords
{
    public static void AddTo(CommandTable table)
    {
        SessionWords.AddTo(table);
        TargetWords.AddTo(table);
        StackWords.AddTo(table);
        ThreadWords.AddTo(table);
        PythonWords.AddTo(table);
        WaitWords.AddTo(table);
        DataWords.AddTo(table);
        RegisterWords.AddTo(table);
        CodeWords.AddTo(table);
        SymbolWords.AddTo(table);
        ProcessWords.AddTo(table);
        CoreWords.AddTo(table);
        AbsentWords.AddTo(table);
    }
}

using Kaa.Results;

namespace Kaa.Report.Text;

/// <summary>Notes for a person: one line each, but many of a kind as one.</summary>
public static class NoteText
{
    /// <summary>More notes of one code than this are told as the first and a count.</summary>
    private const int MostOfAKind = 3;

    public static void Write(IReadOnlyList<Note> notes, StyledWriter writer)
    {
        foreach (IGrouping<string, Note> kind in notes.GroupBy(note => note.Code, StringComparer.Ordinal))
        {
            Note[] all = [.. kind];
            int shown = all.Length > MostOfAKind ? 1 : all.Length;
            for (int i = 0; i < shown; i++)
            {
                writer.Text(all[i].Incomplete ? "kaa: incomplete: " : "kaa: note: ").Data(all[i].Message);
                if (shown < all.Length)
                    writer.Text(" (and " + (all.Length - shown) + " more: " + kind.Key + ")");
                writer.Line();
            }
        }
    }
}

using Kaa.Recording.Analysis;
using Kaa.Recording.Memory;
using Kaa.Report.Text;

namespace Kaa.Report.Memory;

/// <summary>A table of a view's largest rows by line, function, file, module, thread or allocator.</summary>
internal static class MemoryTable
{
    private const int AmountWidth = 10;
    private const int ShareWidth = 8;
    private const int CountWidth = 12;

    public static void Write(MemoryView view, GroupKind kind, int most, StyledWriter writer)
    {
        List<GroupRow> rows = Grouping.By(view, kind);
        bool isFlat = kind is GroupKind.Thread or GroupKind.Allocator;
        writer.Line();
        string through = isFlat ? "" : "with calls".PadLeft(AmountWidth + 2);
        writer.Text("own".PadLeft(AmountWidth) + "share".PadLeft(ShareWidth) + through + "allocations".PadLeft(CountWidth) + "  " + Heading(kind), Tone.Heading).Line();
        for (int i = 0; i < rows.Count && i < most; i++)
        {
            GroupRow row = rows[i];
            writer.Text(ByteText.Of(row.Own.Bytes).PadLeft(AmountWidth))
                .Text(ByteText.Share(row.Own.Bytes, view.Total.Bytes).PadLeft(ShareWidth))
                .Text(isFlat ? "" : ByteText.Of(row.Through.Bytes).PadLeft(AmountWidth + 2))
                .Text(ByteText.Count(row.Own.Count).PadLeft(CountWidth))
                .Text("  ")
                .Data(Name(row, kind), Tone.Path)
                .Line();
        }

        if (rows.Count > most)
            writer.Text("… " + ByteText.Count(rows.Count - most) + " more rows", Tone.Faint).Line();
    }

    public static string Heading(GroupKind kind) => kind switch
    {
        GroupKind.Line => "line",
        GroupKind.Function => "function",
        GroupKind.File => "file",
        GroupKind.Module => "module",
        GroupKind.Thread => "thread",
        GroupKind.Allocator => "allocator",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    public static string Name(GroupRow row, GroupKind kind) => kind switch
    {
        GroupKind.Thread => MemoryNames.Of(row.Thread),
        GroupKind.Allocator => row.Allocator.Name(),
        GroupKind.Line or GroupKind.Function => MemoryNames.Label(row.Frame),
        _ => MemoryNames.Place(row.Frame),
    };
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kaa.Tests.Live.Browser;

/// <summary>The page of <c>kaa mem report --format html</c> in a real browser, by mouse and by keys; figures are those of the report as JSON.</summary>
public sealed class MemoryPageTests(ReportedPages pages) : IClassFixture<ReportedPages>
{
    private const string Flame = "#flame button";

    [BrowserFact]
    public void It_asks_for_nothing_and_no_script_complains()
    {
        Page page = Open();
        page.Text("h1").ShouldContain("of the memory still held comes from");
        page.Text("title").ShouldBe("kaa mem: " + page.Text("h1"));
        foreach (string view in page.Texts("#view option"))
            page.Choose("#view", page.Evaluate($"[...document.querySelectorAll('#view option')].find(each => each.textContent === '{view}').value")!.GetValue<string>());
        page.Click(Flame);
        page.Press("Escape");
        page.Complaints().ShouldBeEmpty();
        page.Requests().ShouldBe(["file://" + pages.File("page.html")]);
    }

    [BrowserFact]
    public void Each_view_has_the_figures_of_the_report()
    {
        Page page = Open();
        foreach (string view in new[] { "peak", "leaks", "temporary", "all" })
        {
            page.Choose("#view", view);
            JsonElement report = pages.Json(view);
            Total(page).ShouldBe(Sum(report, _ => true), view);
            page.Texts("#table tbody tr").Count.ShouldBe(Lines(report), view);
        }
    }

    [BrowserFact]
    public void Search_marks_what_it_finds_and_says_how_much_it_is()
    {
        Page page = Open();
        JsonElement report = pages.Json("leaks");
        double total = Sum(report, _ => true);
        foreach ((string typed, Func<string, bool> isFound) in new (string, Func<string, bool>)[]
        {
            ("DEEP (", label => label.Contains("deep (", StringComparison.Ordinal)),
            ("/^(load|in_thread) /", label => label.StartsWith("load (", StringComparison.Ordinal) || label.StartsWith("in_thread (", StringComparison.Ordinal)),
        })
        {
            Search(page, typed);
            double found = Sum(report, entry => Labels(entry).Any(isFound));
            page.Text("#found").ShouldBe("found in " + Share(found, total));
            List<string> marked = page.Texts("#flame button.hit");
            marked.ShouldNotBeEmpty();
            marked.ShouldAllBe(name => isFound(name + " (/"));
        }

        Search(page, "/(/");
        page.Text("#found").ShouldBe("found in 0.0 %");
        Search(page, "");
        page.Text("#found").ShouldBe("");
        page.Texts("#flame button.hit").ShouldBeEmpty();
        page.Complaints().ShouldBeEmpty();
    }

    [BrowserFact]
    public void A_click_zooms_in_and_out_again()
    {
        Page page = Open();
        int all = page.Texts(Flame).Count;
        Point(page, "go_on (");
        page.Click("#pointed");
        page.Texts(Flame).Count.ShouldBeLessThan(all);
        Widest(page).ShouldContain("go_on (");
        page.Texts("#flame button.above")[0].ShouldBe("all");
        page.Click("#flame button.above");
        page.Texts(Flame).Count.ShouldBe(all);
        Point(page, "go_on (");
        page.Click("#pointed");
        page.Click("#reset");
        page.Texts(Flame).Count.ShouldBe(all);
    }

    [BrowserFact]
    public void Keys_walk_the_tree_and_zoom()
    {
        Page page = Open();
        JsonElement report = pages.Json("leaks");
        int all = page.Texts(Flame).Count;

        // One stop for Tab, whatever the tree has.
        page.Evaluate("document.querySelectorAll('#flame button[tabindex=\"0\"]').length")!.GetValue<int>().ShouldBe(1);
        page.Focus("#reset");
        page.Press("Tab");
        Focused(page).ShouldStartWith("all, ");
        page.Press("ArrowDown");
        Focused(page).ShouldStartWith("<module> (");
        page.Press("ArrowDown");

        // The largest call first, then the others by size.
        string first = Focused(page);
        page.Press("ArrowRight");
        string second = Focused(page);
        second.ShouldNotBe(first);
        Sum(report, entry => Labels(entry).Any(label => first.StartsWith(label + ", ", StringComparison.Ordinal)))
            .ShouldBeGreaterThanOrEqualTo(Sum(report, entry => Labels(entry).Any(label => second.StartsWith(label + ", ", StringComparison.Ordinal))));
        page.Press("ArrowLeft");
        Focused(page).ShouldBe(first);
        page.Press("Enter");
        Focused(page).ShouldBe(first);
        page.Texts(Flame).Count.ShouldBeLessThan(all);
        Widest(page).ShouldBe(first);
        page.Press("Escape");
        Focused(page).ShouldBe(first);
        page.Texts(Flame).Count.ShouldBe(all);
        page.Press("ArrowUp");
        Focused(page).ShouldStartWith("<module> (");

        // Away and back: Tab comes to where it was.
        page.Press("Tab");
        page.Press("Tab", modifiers: 8);
        Focused(page).ShouldStartWith("<module> (");
    }

    [BrowserFact]
    public void Inverted_the_tree_begins_with_who_allocated()
    {
        Page page = Open();
        page.Click("#inverted");
        var innermost = pages.Json("leaks").GetProperty("entries").EnumerateArray().Select(entry => Labels(entry).FirstOrDefault("(no Python frame)")).Distinct().ToList();
        List<string> shown = [.. page.Evaluate("[...document.querySelectorAll('#flame button[aria-level=\"2\"]')].map(each => each.title.split('\\n')[0])")!.AsArray().Select(each => each!.GetValue<string>())];
        shown.ShouldNotBeEmpty();
        shown.ShouldBeSubsetOf(innermost);
        shown.ShouldContain(label => label.StartsWith("deep (", StringComparison.Ordinal));
        Total(page).ShouldBe(Sum(pages.Json("leaks"), _ => true));
    }

    [BrowserFact]
    public void A_thread_is_shown_alone()
    {
        Page page = Open();
        JsonElement report = pages.Json("leaks");
        JsonElement worker = report.GetProperty("entries").EnumerateArray().First(entry => Labels(entry).Any(label => label.StartsWith("in_thread (", StringComparison.Ordinal)));
        int tid = worker.GetProperty("tid").GetInt32();
        string name = worker.GetProperty("thread").GetString() ?? "thread " + tid.ToString(CultureInfo.InvariantCulture);
        int place = page.Texts("#thread option").IndexOf(name);
        place.ShouldBeGreaterThan(0);
        page.Choose("#thread", (place - 1).ToString(CultureInfo.InvariantCulture));
        Total(page).ShouldBe(Sum(report, entry => entry.GetProperty("tid").GetInt32() == tid));
        page.Texts("#flame button").ShouldContain("in_thread");
    }

    [BrowserFact]
    public void Frames_of_the_import_system_can_be_hidden_and_their_memory_stays()
    {
        Page page = Open();
        const string Frozen = "#flame button[title*='importlib']";
        double total = Total(page);
        page.Texts(Frozen).ShouldNotBeEmpty();
        page.Click("#imports");
        page.Texts(Frozen).ShouldBeEmpty();
        page.Texts("#flame button[title*='browsed_module.py']").ShouldNotBeEmpty();
        Total(page).ShouldBe(total);
    }

    /// <summary>From the beginning up to any moment: what was held then, as --at has it.</summary>
    [BrowserFact]
    public void A_range_from_the_beginning_is_what_was_held_at_its_end()
    {
        Page page = Open();
        foreach (double part in new[] { 0.2, 0.45, 0.7, 0.93 })
        {
            page.Drag("#timeline", 0.001, part);
            page.Text("#range").ShouldStartWith("0.000 s to ");
            double end = (Value(page, "#to") + 1) * page.Evaluate("JSON.parse(document.getElementById('data').textContent).timeline.seconds")!.GetValue<double>();
            JsonElement then = pages.Json("leaks", "--at", (end - 1e-6).ToString("0.000000", CultureInfo.InvariantCulture));
            Total(page).ShouldBe(then.GetProperty("totals").GetProperty("heldBytes").GetInt64(), $"at {end}");
        }

        page.Click("#whole");
        page.Text("#range").ShouldBe("");
        Total(page).ShouldBe(Sum(pages.Json("leaks"), _ => true));
    }

    /// <summary>Every allocation is made in one range of several that have no gap between them.</summary>
    [BrowserFact]
    public void Ranges_add_up_to_the_whole_by_brush_and_by_keys()
    {
        Page page = Open();
        page.Choose("#view", "all");
        page.Drag("#timeline", 0.3, 0.6);
        int from = Value(page, "#from");
        int to = Value(page, "#to");
        from.ShouldBeInRange(30, 40);
        to.ShouldBeInRange(66, 75);
        double sum = Total(page);
        page.Focus("#to");
        page.Press("End");
        page.Focus("#from");
        for (int i = from; i <= to; i++)
            page.Press("ArrowRight");
        Value(page, "#from").ShouldBe(to + 1);
        sum += Total(page);
        page.Press("Home");
        page.Focus("#to");
        page.Press("Home");
        for (int i = 0; i < from - 1; i++)
            page.Press("ArrowRight");
        (Value(page, "#from"), Value(page, "#to")).ShouldBe((0, from - 1));
        sum += Total(page);
        sum.ShouldBe(pages.Json("all").GetProperty("totals").GetProperty("bytes").GetInt64());
    }

    [BrowserFact]
    public void The_table_sorts_by_each_column_and_says_so()
    {
        Page page = Open();
        page.Text("h1").ShouldContain(Names(page, 4)[0].Split("  ")[1]);
        string[] sizes = ["own", "share", "with calls", "allocations"];
        for (int column = 1; column <= 4; column++)
        {
            page.Click($"#table thead th:nth-child({column}) button");
            bool isDown = Sorting(page, column) == "descending";
            List<double> values = Names(page, column - 1).ConvertAll(Amount);
            values.ShouldBe(isDown ? [.. values.OrderDescending()] : [.. values.Order()], sizes[column - 1]);
            page.Click($"#table thead th:nth-child({column}) button");
            Sorting(page, column).ShouldBe(isDown ? "ascending" : "descending");
        }

        page.Click("#table thead th:nth-child(5) button");
        Sorting(page, 5).ShouldBe("ascending");
        List<string> names = Names(page, 4);
        names.ShouldBe([.. page.Evaluate("[...document.querySelectorAll('#table tbody tr')].map(row => row.cells[4].textContent).sort((a, b) => a.localeCompare(b))")!.AsArray().Select(each => each!.GetValue<string>())]);
        page.Evaluate("document.activeElement.closest('th') !== null")!.GetValue<bool>().ShouldBeTrue();
        page.Choose("#group", "thread");
        Names(page, 4).ShouldContain("MainThread");
    }

    /// <summary>What a screen reader is told: everything that can be used has a role and a name.</summary>
    [BrowserFact]
    public void Everything_has_a_role_and_a_name()
    {
        foreach (string name in new[] { "page.html", "difference.html" })
        {
            Page page = pages.Open(name);
            List<(string Role, string Name)> nodes = page.Accessible();
            string[] used = ["button", "combobox", "checkbox", "slider", "searchbox", "treeitem", "tree", "heading", "columnheader", "image", "table", "group"];
            nodes.Where(node => used.Contains(node.Role)).ShouldAllBe(node => node.Name.Length > 0);
            foreach (string role in new[] { "main", "tree", "treeitem", "combobox", "checkbox", "searchbox", "columnheader", "table", "heading" })
                nodes.ShouldContain(node => node.Role == role, role);
            nodes.ShouldContain(node => node.Role == "image" || node.Role == "img" || node.Role == "graphics-document");
            nodes.Count(node => node.Role == "slider").ShouldBe(name == "page.html" ? 2 : 0);
            page.Evaluate("document.documentElement.lang")!.GetValue<string>().ShouldBe("en");
        }
    }

    [BrowserFact]
    public void The_page_of_a_difference_has_the_growth_of_each_line()
    {
        Page page = pages.Open("difference.html");
        JsonElement difference = pages.Json("leaks", "--diff", pages.File("before"));
        page.Text("h1").ShouldContain(" has grown by ");
        List<string> rows = page.Texts("#table tbody tr");
        rows.Count.ShouldBe(difference.GetProperty("growth").GetArrayLength());
        JsonElement first = difference.GetProperty("growth")[0];
        Names(page, 5)[0].ShouldBe($"{first.GetProperty("function").GetString()}  {first.GetProperty("file").GetString()}:{first.GetProperty("line").GetInt32()}");
        Names(page, 0)[0].ShouldStartWith("+");

        // By stack: what has grown less what has shrunk is how much more there is.
        double grown = Total(page);
        page.Choose("#view", "shrunk");
        double shrunk = Total(page);
        double before = difference.GetProperty("before").GetProperty("bytes").GetDouble();
        double after = difference.GetProperty("after").GetProperty("bytes").GetDouble();
        (grown - shrunk).ShouldBe(after - before);
        page.Choose("#view", "before");
        Total(page).ShouldBe(before);
        page.Choose("#view", "after");
        Total(page).ShouldBe(after);
        page.Complaints().ShouldBeEmpty();
        page.Requests().ShouldBe(["file://" + pages.File("difference.html")]);
    }

    private Page Open() => pages.Open("page.html");

    /// <summary>Bytes of the whole tree.</summary>
    private static double Total(Page page) => page.Evaluate("(() => { let at = document.querySelector('#flame button').box.at; while (at.caller) at = at.caller; return at.bytes; })()")!.GetValue<double>();

    private static string Focused(Page page) => page.Evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.id")!.GetValue<string>();

    /// <summary>Name of the button to which the page is zoomed.</summary>
    private static string Widest(Page page) => page.Evaluate("document.querySelector('#flame button:not(.above)').getAttribute('aria-label')")!.GetValue<string>();

    /// <summary>Gives the first button of that name the id "pointed".</summary>
    private static void Point(Page page, string begin) => page.Evaluate($"[...document.querySelectorAll('#flame button')].find(each => each.title.startsWith('{begin}')).id = 'pointed'");

    private static void Search(Page page, string text)
    {
        page.Evaluate("(() => { const box = document.getElementById('search'); box.focus(); box.select(); })()");
        if (text.Length > 0)
            page.Type(text);
        else
            page.Evaluate("(() => { const box = document.getElementById('search'); box.value = ''; box.dispatchEvent(new Event('input', { bubbles: true })); })()");
    }

    private static int Value(Page page, string slider) => int.Parse(page.Evaluate($"document.querySelector('{slider}').value")!.GetValue<string>(), CultureInfo.InvariantCulture);

    private static List<string> Names(Page page, int column) => page.Texts($"#table tbody td:nth-child({column + 1})");

    private static string Sorting(Page page, int column) => page.Evaluate($"document.querySelector('#table thead th:nth-child({column})').getAttribute('aria-sort')")!.GetValue<string>();

    /// <summary>"1.5 KiB", "12.0 %", "1,234".</summary>
    private static double Amount(string text)
    {
        string[] words = text.Split(' ');
        double number = double.Parse(words[0], NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        return words.Length == 1 ? number : number * Math.Pow(1024, Math.Max(0, Array.IndexOf(["B", "KiB", "MiB", "GiB"], words[1])));
    }

    private static string Share(double part, double whole) => (100 * part / whole).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static double Sum(JsonElement report, Func<JsonElement, bool> isMeant) => report.GetProperty("entries").EnumerateArray().Where(isMeant).Sum(entry => entry.GetProperty("bytes").GetInt64());

    /// <summary>Names of a stack's frames as the page has them, innermost first.</summary>
    private static IEnumerable<string> Labels(JsonElement entry) => entry.GetProperty("stack").EnumerateArray()
        .Select(frame => $"{frame.GetProperty("function").GetString()} ({frame.GetProperty("file").GetString()}:{frame.GetProperty("line")})");

    /// <summary>Lines that any entry goes through, and one for those without a stack.</summary>
    private static int Lines(JsonElement report) => report.GetProperty("entries").EnumerateArray()
        .SelectMany(entry => Labels(entry).DefaultIfEmpty("")).Distinct().Count();
}

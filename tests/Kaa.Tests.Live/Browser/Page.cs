using System.Text.Json.Nodes;

namespace Kaa.Tests.Live.Browser;

/// <summary>A page in a browser, used as a person uses it: by mouse and keys; what is on it is asked of the page.</summary>
internal sealed class Page
{
    private readonly Chromium _browser;
    private readonly string _session;

    /// <summary>Opens a file, without any network.</summary>
    public Page(Chromium browser, string file)
    {
        _browser = browser;
        string target = browser.Ask("Target.createTarget", new JsonObject { ["url"] = "about:blank" })["targetId"]!.GetValue<string>();
        _session = browser.Ask("Target.attachToTarget", new JsonObject { ["targetId"] = target, ["flatten"] = true })["sessionId"]!.GetValue<string>();
        foreach (string domain in new[] { "Page", "Runtime", "Log", "Network", "Accessibility" })
            Ask(domain + ".enable");
        Ask("Network.emulateNetworkConditions", new JsonObject { ["offline"] = true, ["latency"] = 0, ["downloadThroughput"] = 0, ["uploadThroughput"] = 0 });
        browser.Events.Clear();
        Ask("Page.navigate", new JsonObject { ["url"] = "file://" + file });
        browser.WaitFor("Page.loadEventFired");
    }

    /// <summary>Addresses that it has asked for.</summary>
    public List<string> Requests() =>
        [.. _browser.Events.Where(each => each["method"]!.GetValue<string>() == "Network.requestWillBeSent").Select(each => each["params"]!["request"]!["url"]!.GetValue<string>())];

    /// <summary>Errors of scripts, and what the console was told.</summary>
    public List<string> Complaints()
    {
        Evaluate("0");
        return [.. _browser.Events.Where(each => each["method"]!.GetValue<string>() is "Runtime.exceptionThrown" or "Log.entryAdded" or "Runtime.consoleAPICalled").Select(each => each.ToJsonString())];
    }

    /// <summary>The value of an expression of JavaScript.</summary>
    public JsonNode? Evaluate(string expression)
    {
        JsonObject answer = Ask("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        answer["exceptionDetails"].ShouldBeNull(expression);
        return answer["result"]!["value"];
    }

    public string Text(string selector) => Evaluate($"document.querySelector({Quote(selector)}).textContent")!.GetValue<string>();

    public List<string> Texts(string selector) =>
        [.. Evaluate($"[...document.querySelectorAll({Quote(selector)})].map(each => each.textContent)")!.AsArray().Select(each => each!.GetValue<string>())];

    /// <summary>In the middle of what a selector finds first.</summary>
    public void Click(string selector)
    {
        (double x, double y) = Middle(selector);
        Mouse("mousePressed", x, y);
        Mouse("mouseReleased", x, y);
    }

    /// <summary>Drags over an element, from one part of its width to another.</summary>
    public void Drag(string selector, double from, double to)
    {
        JsonNode box = Box(selector);
        double y = Number(box, "y") + Number(box, "height") / 2;
        double X(double part) => Number(box, "x") + Number(box, "width") * part;
        Mouse("mousePressed", X(from), y);
        Mouse("mouseMoved", X((from + to) / 2), y, pressed: true);
        Mouse("mouseMoved", X(to), y, pressed: true);
        Mouse("mouseReleased", X(to), y);
    }

    public void Focus(string selector) => Evaluate($"document.querySelector({Quote(selector)}).focus()");

    /// <param name="key">As KeyboardEvent.key names it; a character is typed.</param>
    /// <param name="modifiers">8: shift.</param>
    public void Press(string key, int modifiers = 0)
    {
        int code = key switch
        {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            " " => 32,
            "End" => 35,
            "Home" => 36,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            _ => 0,
        };
        string? text = key switch
        {
            "Enter" => "\r",
            _ => key.Length == 1 ? key : null,
        };
        var press = new JsonObject { ["type"] = text is null ? "rawKeyDown" : "keyDown", ["key"] = key, ["code"] = key == " " ? "Space" : key, ["windowsVirtualKeyCode"] = code, ["modifiers"] = modifiers };
        if (text is not null)
            press["text"] = text;
        Ask("Input.dispatchKeyEvent", press);
        Ask("Input.dispatchKeyEvent", new JsonObject { ["type"] = "keyUp", ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code, ["modifiers"] = modifiers });
    }

    public void Type(string text) => Ask("Input.insertText", new JsonObject { ["text"] = text });

    /// <summary>Chooses an option as a person does, by its value.</summary>
    public void Choose(string selector, string value) =>
        Evaluate($"(() => {{ const box = document.querySelector({Quote(selector)}); box.value = {Quote(value)}; box.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()");

    /// <summary>What a screen reader is given: role and name of everything that is not ignored.</summary>
    public List<(string Role, string Name)> Accessible() =>
    [
        .. Ask("Accessibility.getFullAXTree")["nodes"]!.AsArray()
            .Where(node => node!["ignored"]?.GetValue<bool>() != true)
            .Select(node => (node!["role"]?["value"]?.GetValue<string>() ?? "", node["name"]?["value"]?.GetValue<string>() ?? "")),
    ];

    private static string Quote(string text) => System.Text.Json.JsonSerializer.Serialize(text);

    private JsonObject Ask(string method, JsonObject? parameters = null) => _browser.Ask(method, parameters, _session);

    private JsonNode Box(string selector)
    {
        string element = $"document.querySelector({Quote(selector)})";
        return Evaluate($"(() => {{ {element}.scrollIntoView({{ block: 'center' }}); const box = {element}.getBoundingClientRect(); return {{ x: box.x, y: box.y, width: box.width, height: box.height }}; }})()")!;
    }

    private (double X, double Y) Middle(string selector)
    {
        JsonNode box = Box(selector);
        return (Number(box, "x") + Number(box, "width") / 2, Number(box, "y") + Number(box, "height") / 2);
    }

    private static double Number(JsonNode box, string key) => box[key]!.GetValue<double>();

    private void Mouse(string type, double x, double y, bool pressed = false) =>
        Ask("Input.dispatchMouseEvent", new JsonObject { ["type"] = type, ["x"] = x, ["y"] = y, ["button"] = "left", ["buttons"] = pressed || type == "mousePressed" ? 1 : 0, ["clickCount"] = type == "mouseMoved" ? 0 : 1 });
}

namespace Kaa.Tests.Live.Browser;

/// <summary>A test that needs Chromium (eng/browser installs it). Without it the test is skipped, and where everything is required (KAA_REQUIRE_ALL, as in CI) it fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute()
    {
        if (!IsThere && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KAA_REQUIRE_ALL")))
            Skip = "there is no " + Chromium.Program + ": eng/browser installs it";
    }

    private static bool IsThere => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, Chromium.Program)));
}

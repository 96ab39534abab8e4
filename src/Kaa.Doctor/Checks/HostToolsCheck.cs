using Kaa.Doctor.Packages;
using Kaa.Linux.Files;
using Kaa.Linux.Processes;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>The machine's package manager and the place that its cores go to.</summary>
internal sealed class HostToolsCheck : ICheck
{
    public string Subject => "package manager and core_pattern";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        using TargetRoot? root = TargetRoot.Open("/");
        PackageDatabase? packages = PackageDatabase.Of(root);
        yield return new Finding("package-manager", packages is null ? Severity.Info : Severity.Ok, packages is null
            ? "no package manager that Kaa knows (dpkg, apk, rpm): who replaced a file can't be told"
            : $"packages are kept by {packages.Manager}");
        if (new HostFacts(examined.Proc).Text("sys/kernel/core_pattern") is not { } pattern)
            yield break;
        bool isHandler = pattern.StartsWith('|');
        string handler = isHandler ? pattern[1..].Split(' ', 2)[0] : "";
        bool isGone = isHandler && new HostFacts(examined.Proc).Self is { NamespacePids.Count: <= 1 } && !File.Exists(handler);
        if (isGone)
        {
            yield return new Finding("core-handler", Severity.Warning, "core_pattern names a handler that does not exist: crashes leave no core")
            {
                Evidence = [$"kernel.core_pattern = {pattern}", $"{handler}: no such file"],
                Remedy = ["sudo sysctl kernel.core_pattern=/var/tmp/core.%e.%p"],
                Subject = handler,
            };
        }
        else
        {
            string place = isHandler ? "to the handler " + handler : pattern.StartsWith('/') ? "to " + pattern : $"to the current directory of the process, as {pattern}";
            yield return new Finding("core-pattern", Severity.Ok, $"cores of crashes go {place}") { Evidence = [$"kernel.core_pattern = {pattern}"] };
        }
    }
}

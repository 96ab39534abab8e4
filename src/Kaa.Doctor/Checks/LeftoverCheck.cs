using System.Globalization;
using Kaa.Control.Leftovers;
using Kaa.Linux;
using Kaa.Results;

namespace Kaa.Doctor.Checks;

/// <summary>What an earlier Kaa left in the process: it is harmless, and it is told.</summary>
internal sealed class LeftoverCheck : ICheck
{
    public string Subject => "what an earlier Kaa left";

    public IEnumerable<Finding> Examine(Examined examined)
    {
        if (examined.Target is not LiveTarget target)
            yield break;
        foreach (Leftover leftover in LeftoverSearch.Find(target))
        {
            yield return new Finding(leftover.Code, leftover.IsActive ? Severity.Warning : Severity.Info, leftover.Message)
            {
                Evidence = [leftover.Evidence],
                Remedy = leftover.IsActive ? [string.Create(CultureInfo.InvariantCulture, $"kaa detach {target.Pid}")] : [],
            };
        }
    }
}

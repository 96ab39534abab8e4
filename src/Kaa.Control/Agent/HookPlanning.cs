using Kaa.Control.Agent.Code;
using Kaa.Formats;
using Kaa.Linux;
using Kaa.Target;

namespace Kaa.Control.Agent;

/// <summary>What is to become of the code at a hook: found out while the process runs, as long as that takes.</summary>
internal sealed record HookPlan(Displacement Displaced, Address Word, int PatchSize);

/// <summary>Plans hooks.</summary>
/// <param name="branches">What has been learned of modules, by their places and files.</param>
internal sealed class HookPlanning(LiveTarget target, Dictionary<(Address, string), BranchTargets?> branches)
{
    /// <summary>Null where the place can't be hooked.</summary>
    public HookPlan? Plan(HookRequest request, out HookRefusal? refusal)
    {
        IMemory memory = target.Current;
        (Address, Address)? function = request.Function ?? FunctionRange.Find(target, request.Address);
        Displacement? displaced = Displacement.Find(memory, request.Address, function, CodeBytes.JumpSize, out refusal);
        if (displaced is null)
            return null;
        refusal = (request.WantsReturn ? ReturnHazard.Of(target, request.Address) : null) ?? BranchInto(memory, displaced);
        if (refusal is not null)
            return null;
        if (CodeBytes.PlaceOf(request.Address) is { } place)
            return new HookPlan(displaced, place.Word, place.Size);
        refusal = new HookRefusal("two-pages", $"the code at {request.Address} lies in two pages, which can't be changed at once");
        return null;
    }

    private HookRefusal? BranchInto(IMemory memory, Displacement displaced)
    {
        bool isBranchedTo = BranchTargets.ShortLeadsInto(memory, displaced.Address, displaced.Length);
        if (!isBranchedTo && target.Modules.Find(displaced.Address) is { } module)
        {
            (Address, string) key = (module.Base, module.Path);
            if (!branches.TryGetValue(key, out BranchTargets? targets))
                branches.Add(key, targets = BranchTargets.Find(target.Images.For(module), memory, address => FunctionRange.Find(target, address)?.Start));
            isBranchedTo = targets?.LeadsInto(displaced.Address, displaced.Length) == true;
        }

        return isBranchedTo ? new HookRefusal("branch-target", $"another function's branch leads to the bytes at {displaced.Address} that would be covered") : null;
    }
}

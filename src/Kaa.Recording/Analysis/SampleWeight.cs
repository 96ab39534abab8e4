using Kaa.Recording.Memory;

namespace Kaa.Recording.Analysis;

/// <summary>
/// What one recorded allocation stands for. With samples, one of b bytes was recorded with the probability p = 1 − e^(−b/rate), so it stands for 1/p
/// of its kind: the estimator of Horvitz and Thompson (J. Am. Stat. Assoc. 47, 1952), which is unbiased.
/// </summary>
public readonly struct SampleWeight(long? rate)
{
    public Sum Of(long bytes)
    {
        if (rate is not { } mean || bytes <= 0)
            return new Sum(1, bytes, 0);
        double probability = -Math.Exp(-(double)bytes / mean) + 1;
        double estimate = bytes / probability;
        return new Sum(1 / probability, estimate, (1 - probability) * estimate * estimate);
    }
}

using Kaa.Doctor.Predictions.Interposing;
using Kaa.Doctor.Predictions.Loading;
using Kaa.Doctor.Predictions.Packages;

namespace Kaa.Doctor;

/// <summary>What <c>kaa doctor</c> foretells when it is asked to.</summary>
public static class AllPredictions
{
    /// <summary>Which calls of a function would an interposed one see?</summary>
    public static ICheck OfInterposing(string symbol) => new InterposePrediction(symbol);

    /// <summary>Would this library load if the process were started again with LD_PRELOAD?</summary>
    /// <param name="file">As the process would write it.</param>
    public static ICheck OfPreloading(string file) => new PreloadPrediction(file);

    /// <summary>Would dlopen of this library work in the process as it is now?</summary>
    public static ICheck OfOpening(string library) => new DlopenPrediction(library);

    /// <summary>Whose mapped files would installing this package replace?</summary>
    public static ICheck OfInstalling(string package) => new PackagePrediction(package);
}

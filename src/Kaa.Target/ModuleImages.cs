using Kaa.Formats;

namespace Kaa.Target;

/// <summary>The ELF side of each module, read when it is first asked for and kept while the target is open.</summary>
public sealed class ModuleImages : IDisposable
{
    private readonly IMemory _memory;
    private readonly ITargetFiles _files;
    private readonly DebugFileSearch _search;
    private readonly Dictionary<(Address Base, string Path), ModuleImage> _images = [];

    /// <param name="memory">Cached for good: images do not change.</param>
    /// <param name="search">Where debug files are sought besides the target's root; null for nowhere.</param>
    public ModuleImages(IMemory memory, ITargetFiles files, DebugFileSearch? search = null)
    {
        _memory = memory;
        _files = files;
        _search = search ?? new DebugFileSearch();
    }

    public ModuleImage For(Module module)
    {
        if (!_images.TryGetValue((module.Base, module.Path), out ModuleImage? image))
        {
            image = new ModuleImage(module, _memory, _files, _search);
            _images.Add((module.Base, module.Path), image);
        }

        return image;
    }

    /// <summary>Closes the files that were opened.</summary>
    public void Dispose()
    {
        foreach (ModuleImage image in _images.Values)
            image.Dispose();
        _images.Clear();
    }
}

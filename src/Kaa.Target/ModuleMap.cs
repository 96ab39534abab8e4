using Kaa.Formats;
using Kaa.Formats.ProcText;

namespace Kaa.Target;

/// <summary>Which file is mapped where: address → module.</summary>
public sealed class ModuleMap
{
    private readonly IReadOnlyList<Mapping> _mappings;
    private readonly Dictionary<Address, Module> _byStart = [];

    public ModuleMap(IReadOnlyList<Mapping> mappings)
    {
        _mappings = mappings;
        Modules = Collect(mappings);
        foreach (Module module in Modules)
        {
            foreach (Mapping mapping in module.Mappings)
                _byStart[mapping.Start] = module;
        }
    }

    /// <summary>In order of address. A file that is mapped twice as a program gives two modules.</summary>
    public IReadOnlyList<Module> Modules { get; }

    public Mapping? FindMapping(Address address)
    {
        int low = 0;
        int high = _mappings.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            Mapping mapping = _mappings[middle];
            if (address < mapping.Start)
                high = middle - 1;
            else if (address >= mapping.End)
                low = middle + 1;
            else
                return mapping;
        }

        return null;
    }

    /// <summary>The module that an address lies in; its anonymous zero pages (<c>.bss</c>) count as part of it.</summary>
    public Module? Find(Address address) =>
        FindMapping(address) is { } mapping ? _byStart.GetValueOrDefault(mapping.Start) : null;

    private static List<Module> Collect(IReadOnlyList<Mapping> mappings)
    {
        var modules = new List<Module>();
        List<Mapping>? current = null;
        foreach (Mapping mapping in mappings)
        {
            bool continues = current is not null && Continues(current, mapping);
            if (continues)
            {
                current!.Add(mapping);
            }
            else
            {
                Close(modules, current);
                current = mapping.IsFile ? [mapping] : null;
            }
        }

        Close(modules, current);
        return modules;
    }

    private static bool Continues(List<Mapping> current, Mapping mapping)
    {
        Mapping first = current[0];
        if (mapping.IsFile)
        {
            // The first page of the file again: the same file, loaded a second time.
            return mapping.Path == first.Path && mapping.Inode == first.Inode && mapping.Offset != 0;
        }

        // The tail of .bss that lies beyond the file is anonymous memory right behind its last, writable mapping.
        Mapping last = current[^1];
        return mapping.Path.Length == 0 && mapping.Start == last.End && last.IsFile && mapping.Can(MappingAccess.Read);
    }

    private static void Close(List<Module> modules, List<Mapping>? mappings)
    {
        if (mappings is null)
            return;
        bool deleted = false;
        foreach (Mapping mapping in mappings)
            deleted |= mapping.Deleted;
        modules.Add(new Module(mappings[0].Path, mappings[0].Start, mappings, deleted));
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kaa.Control.Agent;
using Kaa.Formats;
using Kaa.Formats.Cfi;
using Kaa.Python.Native;
using Kaa.Target;
using Kaa.Target.Arch;
using Kaa.Target.Unwind;

namespace Kaa.Control.Memory.Native;

/// <summary>The unwind rules of modules as the agent searches them: sorted rows of offsets, each with one of a few rules. Modules that are gone keep their room.</summary>
internal sealed class UnwindTables
{
    private const int AtEntry = 8; // bytes on the stack at a function's first instruction

    private readonly AgentMemory _memory;
    private readonly MemoryAreaLayout _layout;
    private readonly Dictionary<ulong, int> _rules = [];
    private readonly List<ulong> _rows = []; // struct kaa_row: the offset below, the rule above
    private uint _rowCount;
    private uint _version;
    private int _list;

    public UnwindTables(AgentMemory memory, MemoryAreaLayout layout)
    {
        _memory = memory;
        _layout = layout;
        _version = memory.Read<AgentUnwind>(layout.Unwind).version;
        memory.Write(layout.Unwind, new AgentUnwind
        {
            version = _version,
            rows = layout.RowTable,
            row_capacity = MemoryAreaLayout.Rows,
            rules = layout.RuleTable,
            rule_capacity = MemoryAreaLayout.Rules,
        });
        RuleNumber(default);
    }

    /// <summary>Adds a module's rules. Null where there is no room for them.</summary>
    /// <param name="eval">Of the interpreter; null for other modules.</param>
    public (uint First, uint Rows)? Add(Module module, ModuleUnwindSource source, EvalFunction? eval)
    {
        _rows.Clear();
        if (source.RowsFor(FirstCode(module)) is { } rules)
            Collect(rules, module, eval);
        if (_rowCount + (uint)_rows.Count > MemoryAreaLayout.Rows)
            return null;
        uint first = _rowCount;
        ReadOnlySpan<ulong> rows = CollectionsMarshal.AsSpan(_rows);
        _memory.TryWrite(_layout.RowTable + first * (ulong)Unsafe.SizeOf<AgentRow>(), MemoryMarshal.AsBytes(rows));
        _rowCount += (uint)rows.Length;
        return (first, (uint)rows.Length);
    }

    /// <summary>From now on these are the modules.</summary>
    /// <param name="modules">In order of address.</param>
    public void Publish(ReadOnlySpan<AgentModule> modules)
    {
        int count = Math.Min(modules.Length, MemoryAreaLayout.Modules);
        _list = (_list + 1) % MemoryAreaLayout.ModuleLists;
        ulong at = _layout.ModuleTable + (ulong)_list * MemoryAreaLayout.Modules * (ulong)Unsafe.SizeOf<AgentModule>();
        _memory.TryWrite(at, MemoryMarshal.AsBytes(modules[..count]));
        _memory.WriteWord(_layout.Unwind, at << 16 | (uint)count);
        _version++;
        _memory.WriteHalf(_layout.Unwind + sizeof(ulong), _version == 0 ? ++_version : _version);
    }

    private static Address FirstCode(Module module)
    {
        foreach (Formats.ProcText.Mapping mapping in module.Mappings)
        {
            if (mapping.Can(Formats.ProcText.MappingAccess.Execute))
                return mapping.Start;
        }

        return module.Base;
    }

    private void Collect(IUnwindRows rules, Module module, EvalFunction? eval)
    {
        Address start = Address.Null;
        Address end = module.Base;
        bool evaluates = false;
        try
        {
            rules.Visit((from, row) =>
            {
                if (row.Start != start)
                {
                    if (row.Start != end)
                        AddRow(end, module, 0);
                    (start, end) = (row.Start, row.End);
                    bool isEntry = row.CfaRegister == X64Registers.Rsp && row.CfaOffset == AtEntry;
                    evaluates = eval is not null && (row.Start == eval.Range || (!isEntry && eval.HasPart(row.Start)));
                }

                if (from < row.End)
                    AddRow(from, module, RuleNumber(RuleTranslation.Of(row, evaluates)));
            });
        }
        catch (BadData)
        {
            // What lies behind that has no rules.
        }
        catch (TargetFault fault) when (fault.Reason != FaultReason.Gone)
        {
            // The same.
        }

        AddRow(end, module, 0);
    }

    /// <summary>Rows that say what the one before says are left out.</summary>
    private void AddRow(Address from, Module module, uint rule)
    {
        if (from < module.Base || from >= module.End)
            return;
        uint offset = (uint)(from - module.Base);
        if (_rows.Count > 0 && (uint)_rows[^1] == offset)
            _rows.RemoveAt(_rows.Count - 1);
        if (_rows.Count > 0 ? _rows[^1] >> 32 != rule && (uint)_rows[^1] < offset : rule != 0)
            _rows.Add((ulong)rule << 32 | offset);
    }

    /// <summary>0, no rule, where it does not fit into what it is known by.</summary>
    private uint RuleNumber(AgentRule rule)
    {
        const int OffsetBits = 24;
        const int AddBits = 9;
        ulong key = (ulong)rule.kind | (ulong)rule.bp_kind << 4 | (ulong)rule.evaluates << 6 | Cut(rule.cfa, OffsetBits) << 7 | Cut(rule.bp, OffsetBits) << (7 + OffsetBits)
            | Cut(rule.add, AddBits) << (7 + 2 * OffsetBits);
        if (!Fits(rule.cfa, OffsetBits) || !Fits(rule.bp, OffsetBits) || !Fits(rule.add, AddBits))
            return 0;
        if (_rules.TryGetValue(key, out int known))
            return (uint)known;
        if (_rules.Count == MemoryAreaLayout.Rules)
            return 0;
        known = _rules.Count;
        _memory.Write(_layout.RuleTable + (ulong)(known * Unsafe.SizeOf<AgentRule>()), rule);
        _rules.Add(key, known);
        return (uint)known;
    }

    private static ulong Cut(int value, int bits) => (ulong)(uint)value & ((1ul << bits) - 1);

    private static bool Fits(int value, int bits) => value << (32 - bits) >> (32 - bits) == value;
}

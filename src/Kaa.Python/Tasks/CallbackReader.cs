using Kaa.Formats;
using Kaa.Python.Layout;
using Kaa.Python.Objects;
using Kaa.Python.Stack;

namespace Kaa.Python.Tasks;

/// <param name="Future">The future that it settles.</param>
/// <param name="Via">What of asyncio it belongs to.</param>
internal readonly record struct CallbackTarget(Address Future, string Via);

/// <summary>
/// Tells whom a future's callback wakes: <c>gather</c>, <c>wait</c>, <c>shield</c>, <c>wait_for</c> and <c>TaskGroup</c> leave one on each future that they
/// wait for, in which the future that they let their caller await can be found (Lib/asyncio/tasks.py, taskgroups.py). Only asyncio's own are
/// known; what a program's callback does can't be told. Serves one look.
/// </summary>
internal sealed class CallbackReader(FutureReader futures, PyLayout layout, CodeReader codes)
{
    private readonly Dictionary<Address, (string Via, string Variable)?> _closures = [];
    private readonly PyObjects _objects = futures.Objects;

    /// <summary>Null for a callback that is not asyncio's.</summary>
    public CallbackTarget? Read(Address callback)
    {
        try
        {
            PyType type = _objects.TypeOf(callback);
            return type.Name switch
            {
                "function" when !type.IsHeapType => Closure(callback),
                "method" when !type.IsHeapType => Method(callback),
                "functools.partial" => Partial(callback),
                _ => null,
            };
        }
        catch (TargetFault fault) when (fault.Reason is FaultReason.Unmapped or FaultReason.Nonsense)
        {
            return null;
        }
    }

    private CallbackTarget? Closure(Address function)
    {
        PyCode code = codes.Read(_objects.PointerAt(function, layout.Callable.func_code));
        if (!_closures.TryGetValue(code.Address, out (string Via, string Variable)? known))
        {
            known = Known(code);
            _closures.Add(code.Address, known);
        }

        if (known is not { } closure)
            return null;
        Address future = FreeVariable(function, code, closure.Variable);
        return futures.IsFuture(future) ? new CallbackTarget(future, closure.Via) : null;
    }

    private static (string Via, string Variable)? Known(PyCode code)
    {
        if (code.File?.EndsWith("asyncio/tasks.py", StringComparison.Ordinal) != true)
            return null;
        return code.Name switch
        {
            "_done_callback" => ("gather", "outer"),
            "_on_completion" => ("wait", "waiter"),
            "_inner_done_callback" => ("shield", "outer"),
            _ => null,
        };
    }

    private Address FreeVariable(Address function, PyCode code, string name)
    {
        int index = 0;
        foreach (CodeVariable variable in code.Variables ??= CodeVariables.Read(code, layout.Code, _objects))
        {
            if (variable.Scope != Kaa.Results.VariableScope.Free)
                continue;
            if (variable.Name == name)
                return Cell(function, index);
            index++;
        }

        return Address.Null;
    }

    /// <summary>func_closure lies behind func_defaults and func_kwdefaults, up to 3.9 behind func_globals too (Include/funcobject.h).</summary>
    private Address Cell(Address function, int index)
    {
        int offset = layout.Callable.func_code + (_objects.Layout.Version.AtLeast(3, 10) ? 24 : 32);
        int at = 0;
        foreach (Address cell in _objects.Tuple(_objects.PointerAt(function, offset), index + 1))
        {
            if (at++ == index && _objects.TypeOf(cell) is { Name: "cell", IsHeapType: false })
                return _objects.Word(cell, 0);
        }

        return Address.Null;
    }

    /// <summary><c>TaskGroup._on_task_done</c>: the group's task waits only while it is in <c>__aexit__</c>.</summary>
    private CallbackTarget? Method(Address method)
    {
        Address self = _objects.PointerAt(method, layout.Callable.im_self);
        PyType type = _objects.TypeOf(self);
        if (type.Name != "TaskGroup" || _objects.TypeModuleAndName(type).Module != "asyncio.taskgroups")
            return null;
        Address future = _objects.Attribute(self, "_on_completed_fut");
        return futures.IsFuture(future) ? new CallbackTarget(future, "TaskGroup") : null;
    }

    /// <summary>
    /// <c>functools.partial(_release_waiter, waiter)</c>, of wait_for up to 3.11 and of cancelling since; 3.6's gather makes one of its callback
    /// (Modules/_functoolsmodule.c: fn, args).
    /// </summary>
    private CallbackTarget? Partial(Address partial)
    {
        Address function = _objects.Word(partial, 0);
        if (_objects.TypeOf(function) is not { Name: "function", IsHeapType: false })
            return null;
        PyCode code = codes.Read(_objects.PointerAt(function, layout.Callable.func_code));
        if (code.Name == "_done_callback")
            return Closure(function);
        if (code.Name != "_release_waiter" || code.File?.EndsWith("asyncio/tasks.py", StringComparison.Ordinal) != true)
            return null;
        foreach (Address waiter in _objects.Tuple(_objects.Word(partial, 1), 1))
            return futures.IsFuture(waiter) ? new CallbackTarget(waiter, "wait_for") : null;
        return null;
    }
}

using System.Globalization;
using Kaa.Formats;
using Kaa.Python.Layout;

namespace Kaa.Python.Objects.Printing;

/// <summary>Functions, methods, modules, generators, descriptors and what else belongs to code.</summary>
internal static class CodeReprs
{
    private static string At(Address instance) => " at " + instance + ">";

    public static void Function(Repr repr, Address instance, PyType type) =>
        repr.Out.Write("<function " + FunctionName(repr.Objects, instance) + At(instance));

    /// <summary><c>__qualname__</c>; <c>__name__</c> in 2.7.</summary>
    public static string FunctionName(PyObjects objects, Address function)
    {
        PyFunctionFields f = objects.Layout.PyFunctionObject;
        int field = f.func_qualname == ObjectLayout.Absent ? f.func_name : f.func_qualname;
        return objects.ReadString(objects.PointerAt(function, field), Limits.CodeName);
    }

    /// <summary>method_repr, Objects/classobject.c: bound to an object, in 2.7 perhaps to none.</summary>
    public static void Method(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        Address function = objects.Word(instance, 0);
        Address self = objects.Word(instance, 1);
        string name = CallableName(repr, function);
        if (repr.IsPython2)
        {
            Address owner = objects.Word(instance, 2);
            name = (owner.IsNull ? "?" : ClassicReprs.BareName(objects, owner)) + "." + name;
        }

        if (self.IsNull)
        {
            repr.Out.Write("<unbound method " + name + ">");
            return;
        }

        repr.Out.Write("<bound method " + name + " of ");
        repr.Value(self);
        repr.Out.Write('>');
    }

    public static void Builtin(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        string name = objects.Memory.ReadCString(objects.PointerAt(objects.Word(instance, 0), 0), Limits.CodeName);
        Address self = objects.Word(instance, 1);
        if (self.IsNull || objects.TypeOf(self).Name == "module")
            repr.Out.Write("<built-in function " + name + ">");
        else
            repr.Out.Write($"<built-in method {name} of {objects.TypeOf(self).Name} object at {self}>");
    }

    /// <summary>
    /// _module_repr, Lib/importlib/_bootstrap.py: by <c>__spec__</c>, else by <c>__file__</c>. A loader that has a word of its own
    /// (module_repr, up to 3.11) says the same for modules that are built in or frozen.
    /// </summary>
    public static void Module(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        Address dict = objects.Word(instance, 0);
        if (dict.IsNull)
        {
            repr.Out.Write("<module '?'>");
            return;
        }

        Address spec = objects.Lookup(dict, "__spec__");
        if (!spec.IsNull && objects.TypeOf(spec).Name != "NoneType" && FromSpec(repr, spec))
            return;
        Address name = objects.Lookup(dict, "__name__");
        Address file = objects.Lookup(dict, "__file__");
        repr.Out.Write("<module ");
        WriteQuoted(repr, name, "'?'");
        if (!file.IsNull && objects.TypeOf(file).Name != "NoneType")
        {
            repr.Out.Write(" from ");
            WriteQuoted(repr, file, "'?'");
        }
        else if (repr.IsPython2)
        {
            repr.Out.Write(" (built-in)");
        }
        else
        {
            WriteLoader(repr, objects.Lookup(dict, "__loader__"));
        }

        repr.Out.Write('>');
    }

    public static void Generator(Repr repr, Address instance, PyType type)
    {
        PyGenFields f = repr.Objects.Layout.PyGenObject;
        Address name = f.gi_qualname != ObjectLayout.Absent
            ? repr.Objects.PointerAt(instance, f.gi_qualname)
            : repr.Objects.PointerAt(repr.Objects.PointerAt(instance, f.gi_code), repr.Objects.Layout.PyCodeObject.co_name);
        repr.Out.Write("<" + type.Name + " object " + repr.Objects.ReadString(name, Limits.CodeName) + At(instance));
    }

    /// <summary>code_repr, Objects/codeobject.c.</summary>
    public static void Code(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        PyCodeNameFields f = objects.Layout.PyCodeObject;
        string name = objects.ReadString(objects.PointerAt(instance, f.co_name), Limits.CodeName);
        string file = objects.TryReadString(objects.PointerAt(instance, f.co_filename), Limits.CodeName) ?? "???";
        int line = objects.Memory.Read<int>(instance + f.co_firstlineno);
        string number = (line == 0 ? -1 : line).ToString(CultureInfo.InvariantCulture);
        repr.Out.Write($"<code object {name} at {instance}, file \"{file}\", line {number}>");
    }

    public static void Cell(Repr repr, Address instance, PyType type)
    {
        Address content = repr.Objects.Word(instance, 0);
        repr.Out.Write("<cell at " + instance + ": ");
        repr.Out.Write(content.IsNull ? "empty" : $"{repr.Objects.TypeOf(content).Name} object at {content}");
        repr.Out.Write('>');
    }

    public static void MethodDescriptor(Repr repr, Address instance, PyType type) => Descriptor(repr, instance, "method");

    public static void AttributeDescriptor(Repr repr, Address instance, PyType type) => Descriptor(repr, instance, "attribute");

    public static void MemberDescriptor(Repr repr, Address instance, PyType type) => Descriptor(repr, instance, "member");

    public static void SlotWrapper(Repr repr, Address instance, PyType type) => Descriptor(repr, instance, "slot wrapper");

    /// <summary>wrapper_repr: a slot wrapper bound to an object.</summary>
    public static void MethodWrapper(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        Address self = objects.Word(instance, 1);
        string name = DescriptorName(objects, objects.Word(instance, 0));
        repr.Out.Write($"<method-wrapper '{name}' of {objects.TypeOf(self).Name} object at {self}>");
    }

    /// <summary>staticmethod and classmethod; their repr tells what they wrap from 3.10 on.</summary>
    public static void Wrapped(Repr repr, Address instance, PyType type)
    {
        if (!repr.AtLeast(3, 10))
        {
            repr.Out.Write("<" + type.Name + " object" + At(instance));
            return;
        }

        repr.Out.Write("<" + type.Name + "(");
        repr.Value(repr.Objects.Word(instance, 0));
        repr.Out.Write(")>");
    }

    public static void Capsule(Repr repr, Address instance, PyType type)
    {
        Address name = repr.Objects.Word(instance, 1);
        string text = name.IsNull ? "NULL" : "\"" + repr.Objects.Memory.ReadCString(name, Limits.CodeName) + "\"";
        repr.Out.Write("<capsule object " + text + At(instance));
    }

    public static void MemoryView(Repr repr, Address instance, PyType type) => repr.Out.Write("<memory" + At(instance));

    /// <summary>weakref_repr, Objects/weakrefobject.c: 3.13+ names the type with its module (%T).</summary>
    public static void WeakReference(Repr repr, Address instance, PyType type)
    {
        PyObjects objects = repr.Objects;
        Address target = objects.Word(instance, 0);
        if (target.IsNull || objects.TypeOf(target).Name == "NoneType")
        {
            repr.Out.Write("<weakref at " + instance + "; dead>");
            return;
        }

        PyType targetType = objects.TypeOf(target);
        string name = repr.AtLeast(3, 13) ? objects.TypeName(targetType) : targetType.Name;
        repr.Out.Write($"<weakref at {instance}; to '{name}' at {target}");
        if (OwnName(repr, target, targetType) is { } own)
            repr.Out.Write(" (" + own + ")");
        repr.Out.Write('>');
    }

    private static bool FromSpec(Repr repr, Address spec)
    {
        PyObjects objects = repr.Objects;
        Address origin = objects.Attribute(spec, "origin");
        if (origin.IsNull || objects.TypeOf(origin).Name == "NoneType")
            return false;
        repr.Out.Write("<module ");
        WriteQuoted(repr, objects.Attribute(spec, "name"), "'?'");
        Address located = objects.Attribute(spec, "_set_fileattr");
        if (!located.IsNull && objects.Is(located, TypeFlags.LongSubclass) && objects.ReadInt64(located) != 0)
        {
            repr.Out.Write(" from ");
            repr.Value(origin);
            repr.Out.Write('>');
        }
        else
        {
            repr.Out.Write(" (" + objects.ReadString(origin, Limits.CodeName) + ")>");
        }

        return true;
    }

    private static void WriteLoader(Repr repr, Address loader)
    {
        if (loader.IsNull || repr.Objects.TypeOf(loader).Name == "NoneType")
            return;
        if (repr.Objects.TypeOf(loader).Has(TypeFlags.TypeSubclass) && !repr.AtLeast(3, 12))
        {
            string name = repr.Objects.Type(loader).ShortName;
            repr.Out.Write(name == "FrozenImporter" ? " (frozen)" : name == "BuiltinImporter" ? " (built-in)" : "");
            return;
        }

        repr.Out.Write(" (");
        repr.Value(loader);
        repr.Out.Write(')');
    }

    private static void WriteQuoted(Repr repr, Address text, string otherwise)
    {
        if (text.IsNull)
            repr.Out.Write(otherwise);
        else
            repr.Value(text);
    }

    private static void Descriptor(Repr repr, Address instance, string kind)
    {
        Address owner = repr.Objects.PointerAt(instance, repr.Objects.Layout.PyDescrObject.d_type);
        repr.Out.Write($"<{kind} '{DescriptorName(repr.Objects, instance)}' of '{repr.Objects.Type(owner).Name}' objects>");
    }

    private static string DescriptorName(PyObjects objects, Address descriptor) =>
        objects.ReadString(objects.PointerAt(descriptor, objects.Layout.PyDescrObject.d_name), Limits.CodeName);

    private static string CallableName(Repr repr, Address callable) =>
        repr.Objects.TypeOf(callable).Name == "function" ? FunctionName(repr.Objects, callable) : "?";

    /// <summary>A <c>__name__</c> that the object has itself: functions and modules; a class's is its type's affair.</summary>
    private static string? OwnName(Repr repr, Address target, PyType type)
    {
        PyObjects objects = repr.Objects;
        if (type.Name == "function" && !repr.AtLeast(3, 12))
            return objects.TryReadString(objects.PointerAt(target, objects.Layout.PyFunctionObject.func_name), Limits.CodeName);
        if (type.Has(TypeFlags.TypeSubclass) && !repr.AtLeast(3, 12))
            return objects.Type(target).ShortName;
        return null;
    }
}

namespace Kaa.Formats.Demangling;

/// <summary>Types: what stands before a name, and what behind.</summary>
internal sealed partial class CxxPrinter
{
    /// <summary>What a declarator has behind the name: parameters, dimensions.</summary>
    private void Right(CxxNode node)
    {
        Enter();
        switch (node.Kind)
        {
            case CxxKind.Qualified or CxxKind.VendorQualified:
                Right(node.First!);
                break;
            case CxxKind.Pointer or CxxKind.LeftReference or CxxKind.RightReference:
                CxxNode target = Target(node);
                if (NeedsParentheses(target))
                    Add(")");
                Right(target);
                break;
            case CxxKind.MemberPointer:
                if (NeedsParentheses(node.Second!))
                    Add(")");
                Right(node.Second!);
                break;
            case CxxKind.Array:
                Add(Last == ']' ? "[" : " [");
                Whole(node.Second);
                Add("]");
                Right(node.First!);
                break;
            case CxxKind.Function:
                Parameters(node.List);
                Right(node.First!);
                Qualifiers(node.Qualifiers);
                if (node.Second is not null)
                {
                    Add("(");
                    Whole(node.Second);
                    Add(")");
                }

                break;
            case CxxKind.Parameter when !_inLambda:
                Right(Argument(node));
                break;
            case CxxKind.Pack when Element(node) is { } element:
                Right(element);
                break;
        }

        _depth--;
    }

    private bool LeftOfType(CxxNode node)
    {
        switch (node.Kind)
        {
            case CxxKind.Builtin:
                Add(node.Text);
                return true;
            case CxxKind.Qualified:
                Left(node.First!);

                // A template argument may have brought them already.
                CxxNode inner = Resolved(node.First!);
                Qualifiers(inner.Kind == CxxKind.Qualified ? node.Qualifiers & ~inner.Qualifiers : node.Qualifiers);
                return true;
            case CxxKind.VendorQualified:
                Left(node.First!);
                Add(node.Text);
                if (node.List.Count > 0)
                    Arguments(node.List);
                return true;
            case CxxKind.Pointer or CxxKind.LeftReference or CxxKind.RightReference:
                CxxNode target = Target(node);
                Left(target);
                Open(target);
                Add(node.Kind == CxxKind.Pointer ? "*" : IsLeftReference(node) ? "&" : "&&");
                return true;
            case CxxKind.MemberPointer:
                Left(node.Second!);
                if (NeedsParentheses(node.Second!))
                    Open(node.Second!);
                else
                    Add(" ");
                Whole(node.First);
                Add("::*");
                return true;
            case CxxKind.Array:
                Left(node.First!);
                return true;
            case CxxKind.Function:
                Left(node.First!);
                Add(" ");
                return true;
            case CxxKind.Vector:
                Left(node.First!);
                Add(" __vector(");
                Whole(node.Second);
                Add(")");
                return true;
            case CxxKind.Decltype:
                Add(node.Text);
                Add("(");
                Whole(node.First);
                Add(")");
                return true;
            default:
                return false;
        }
    }

    private void Open(CxxNode target)
    {
        if (!NeedsParentheses(target))
            return;
        if (Declared(target).Kind == CxxKind.Array)
            Add(" ");
        Add("(");
    }

    // A reference to a reference is one: && only where both are.
    private CxxNode Target(CxxNode node)
    {
        CxxNode target = Resolved(node.First!);
        if (node.Kind == CxxKind.Pointer)
            return node.First!;
        for (int i = 0; i < Limits.DemanglingDepth && target.Kind is CxxKind.LeftReference or CxxKind.RightReference; i++)
            target = Resolved(target.First!);
        return target;
    }

    private bool IsLeftReference(CxxNode node)
    {
        for (int i = 0; i < Limits.DemanglingDepth; i++)
        {
            if (node.Kind == CxxKind.LeftReference)
                return true;
            if (node.Kind != CxxKind.RightReference)
                return false;
            node = Resolved(node.First!);
        }

        return false;
    }

    private CxxNode Resolved(CxxNode node)
    {
        for (int i = 0; i < Limits.DemanglingDepth; i++)
        {
            if (node.Kind == CxxKind.Parameter && !_inLambda)
                node = Argument(node);
            else if (node.Kind == CxxKind.Pack && Element(node) is { } element)
                node = element;
            else
                return node;
        }

        throw new UndemangledException();
    }

    private bool NeedsParentheses(CxxNode node) => Declared(node).Kind is CxxKind.Array or CxxKind.Function;

    // What is below the qualifiers.
    private CxxNode Declared(CxxNode node)
    {
        CxxNode target = Resolved(node);
        for (int i = 0; i < Limits.DemanglingDepth && target.Kind is CxxKind.Qualified or CxxKind.VendorQualified; i++)
            target = Resolved(target.First!);
        return target;
    }

    private void Qualifiers(CxxQualifiers qualifiers)
    {
        if ((qualifiers & CxxQualifiers.Const) != 0)
            Add(" const");
        if ((qualifiers & CxxQualifiers.Volatile) != 0)
            Add(" volatile");
        if ((qualifiers & CxxQualifiers.Restrict) != 0)
            Add(" restrict");
        if ((qualifiers & CxxQualifiers.TransactionSafe) != 0)
            Add(" transaction_safe");
        if ((qualifiers & CxxQualifiers.LeftReference) != 0)
            Add(" &");
        if ((qualifiers & CxxQualifiers.RightReference) != 0)
            Add(" &&");
        if ((qualifiers & CxxQualifiers.NoExcept) != 0)
            Add(" noexcept");
    }

    private bool EndsInFunctionPointer(CxxNode node)
    {
        CxxNode type = Resolved(node);
        return type.Kind switch
        {
            CxxKind.Pointer or CxxKind.LeftReference or CxxKind.RightReference => NeedsParentheses(Target(type)),
            CxxKind.MemberPointer => NeedsParentheses(type.Second!),
            _ => false,
        };
    }
}

namespace Kaa.Control.Conditions;

/// <summary>What a condition needs to be asked.</summary>
public static class ConditionFacts
{
    /// <summary>True where a part of the condition asks for one of these.</summary>
    public static bool Asks(ConditionNode node, Func<ConditionFact, bool> isMeant) => node switch
    {
        FactNode fact => isMeant(fact.Fact),
        MemoryNode memory => Asks(memory.Address, isMeant),
        CutNode cut => Asks(cut.Value, isMeant),
        StringNode text => Asks(text.Address, isMeant),
        LengthNode length => Asks(length.Text, isMeant),
        NotNode not => Asks(not.Value, isMeant),
        MatchNode match => Asks(match.Text, isMeant),
        ArithmeticNode arithmetic => Asks(arithmetic.Left, isMeant) || Asks(arithmetic.Right, isMeant),
        ComparisonNode comparison => Asks(comparison.Left, isMeant) || Asks(comparison.Right, isMeant),
        AndNode and => Asks(and.Left, isMeant) || Asks(and.Right, isMeant),
        OrNode or => Asks(or.Left, isMeant) || Asks(or.Right, isMeant),
        SameBytesNode same => Asks(same.Left, isMeant) || Asks(same.Right, isMeant) || Asks(same.Count, isMeant),
        _ => false,
    };
}

using Linq = System.Linq.Enumerable;
using Ours = Kaa.Sequences.Enumerable;

namespace Kaa.Tests.Unit.Sequences;

/// <summary>What LINQ answers is the truth.</summary>
public sealed class OperatorTests
{
    public static TheoryData<int[]> Sources => new(
        [], [7], [3, 1, 2], [5, 5, 1, 5, 1], [.. Linq.Select(Linq.Range(0, 100), i => i * 37 % 11)]);

    private static IEnumerable<int> Lazy(int[] source)
    {
        foreach (int item in source)
            yield return item;
    }

    [Theory, MemberData(nameof(Sources))]
    public void Sequences_are_those_of_LINQ(int[] source)
    {
        IEnumerable<int> s = Lazy(source);
        Assert.Equal(Linq.Where(s, i => i > 2), Ours.Where(s, i => i > 2));
        Assert.Equal(Linq.Select(s, i => $"{i}"), Ours.Select(s, i => $"{i}"));
        Assert.Equal(Linq.Select(s, (i, n) => (i, n)), Ours.Select(s, (i, n) => (i, n)));
        Assert.Equal(Linq.SelectMany(s, i => new[] { i, -i }), Ours.SelectMany(s, i => new[] { i, -i }));
        Assert.Equal(Linq.Distinct(s), Ours.Distinct(s));
        Assert.Equal(Linq.DistinctBy(s, i => i % 3), Ours.DistinctBy(s, i => i % 3));
        Assert.Equal(Linq.Concat(s, s), Ours.Concat(s, s));
        Assert.Equal(Linq.Union(s, [1, 9]), Ours.Union(s, [1, 9]));
        Assert.Equal(Linq.Except(s, [1, 9]), Ours.Except(s, [1, 9]));
        Assert.Equal(Linq.Intersect(s, [1, 5]), Ours.Intersect(s, [1, 5]));
        Assert.Equal(Linq.Append(s, 4), Ours.Append(s, 4));
        Assert.Equal(Linq.Prepend(s, 4), Ours.Prepend(s, 4));
        Assert.Equal(Linq.Zip(s, Lazy([8, 9])), Ours.Zip(s, Lazy([8, 9])));
        Assert.Equal(Linq.Reverse(s), Ours.Reverse(s));
        Assert.Equal(Linq.TakeWhile(s, i => i > 2), Ours.TakeWhile(s, i => i > 2));
        Assert.Equal(Linq.SkipWhile(s, i => i > 2), Ours.SkipWhile(s, i => i > 2));
        Assert.Equal(Linq.OfType<int>(new object[] { "a", 1, 2L }), Ours.OfType<int>(new object[] { "a", 1, 2L }));
        for (int n = -1; n < 4; n++)
        {
            Assert.Equal(Linq.Take(s, n), Ours.Take(s, n));
            Assert.Equal(Linq.Skip(s, n), Ours.Skip(s, n));
            Assert.Equal(Linq.TakeLast(s, n), Ours.TakeLast(s, n));
        }
    }

    [Theory, MemberData(nameof(Sources))]
    public void Sorting_is_that_of_LINQ_and_stable(int[] source)
    {
        IEnumerable<(int Key, int Place)> s = Linq.Select(source, (i, n) => (i % 4, n));
        Assert.Equal(Linq.OrderBy(s, p => p.Key), Ours.OrderBy(s, p => p.Key));
        Assert.Equal(Linq.OrderByDescending(s, p => p.Key), Ours.OrderByDescending(s, p => p.Key));
        Assert.Equal(Linq.ThenByDescending(Linq.OrderBy(s, p => p.Key), p => p.Place), Ours.ThenByDescending(Ours.OrderBy(s, p => p.Key), p => p.Place));
        Assert.Equal(Linq.ThenBy(Linq.OrderByDescending(s, p => p.Key), p => -p.Place), Ours.ThenBy(Ours.OrderByDescending(s, p => p.Key), p => -p.Place));
        Assert.Equal(Linq.Order(source), Ours.Order(source));
        Assert.Equal(Linq.OrderByDescending(s, p => p.Key, LowestFirst), Ours.OrderByDescending(s, p => p.Key, LowestFirst));
    }

    private static readonly Comparer<int> LowestFirst = Comparer<int>.Create((x, y) => x < y ? int.MinValue : x > y ? int.MaxValue : 0);

    [Theory, MemberData(nameof(Sources))]
    public void Answers_are_those_of_LINQ(int[] source)
    {
        IEnumerable<int> s = Lazy(source);
        Assert.Equal(Linq.Any(s), Ours.Any(s));
        Assert.Equal(Linq.Any(s, i => i == 5), Ours.Any(s, i => i == 5));
        Assert.Equal(Linq.All(s, i => i < 5), Ours.All(s, i => i < 5));
        Assert.Equal(Linq.Contains(s, 2), Ours.Contains(s, 2));
        Assert.Equal(Linq.Count(s), Ours.Count(s));
        Assert.Equal(source.Length, Ours.Count(source));
        Assert.Equal(Linq.Count(s, i => i > 2), Ours.Count(s, i => i > 2));
        Assert.Equal(Linq.Sum(s), Ours.Sum(s));
        Assert.Equal(Linq.Sum(s, i => (long)i), Ours.Sum(s, i => (long)i));
        Assert.Equal(Linq.Aggregate(s, 1, (a, i) => a % 1000 * 3 + i), Ours.Aggregate(s, 1, (a, i) => a % 1000 * 3 + i));
        Assert.Equal(Linq.SequenceEqual(s, [3, 1, 2]), Ours.SequenceEqual(s, [3, 1, 2]));
        Assert.Equal(Linq.SequenceEqual(s, [3, 1]), Ours.SequenceEqual(s, [3, 1]));
        Assert.Equal(Linq.FirstOrDefault(s, i => i > 3), Ours.FirstOrDefault(s, i => i > 3));
        Assert.Equal(Linq.LastOrDefault(s), Ours.LastOrDefault(s));
        Assert.Equal(Linq.MinBy(Linq.Select(s, i => $"{i}"), t => t[0]), Ours.MinBy(Ours.Select(s, i => $"{i}"), t => t[0]));
    }

    [Theory, MemberData(nameof(Sources))]
    public void An_element_that_is_not_there_is_an_error_where_it_is_one_for_LINQ(int[] source)
    {
        IEnumerable<int> s = Lazy(source);
        Same(() => Linq.First(s), () => Ours.First(s));
        Same(() => Linq.First(s, i => i > 3), () => Ours.First(s, i => i > 3));
        Same(() => Linq.Last(s), () => Ours.Last(s));
        Same(() => Linq.Single(s), () => Ours.Single(s));
        Same(() => Linq.SingleOrDefault(s), () => Ours.SingleOrDefault(s));
        Same(() => Linq.Min(s), () => Ours.Min(s));
        Same(() => Linq.Max(s, i => -i), () => Ours.Max(s, i => -i));
        Same(() => Linq.MaxBy(s, i => i % 4), () => Ours.MaxBy(s, i => i % 4));
    }

    private static void Same(Func<int> linq, Func<int> ours)
    {
        int? expected = null;
        try
        {
            expected = linq();
        }
        catch (InvalidOperationException)
        {
            Assert.Throws<InvalidOperationException>(() => ours());
        }
        if (expected is not null)
            Assert.Equal(expected, ours());
    }

    [Theory, MemberData(nameof(Sources))]
    public void Collections_are_those_of_LINQ(int[] source)
    {
        IEnumerable<int> s = Lazy(source);
        Assert.Equal(source, Ours.ToArray(s));
        Assert.Equal(source, Ours.ToList(s));
        Assert.Equal(Linq.ToHashSet(s), Ours.ToHashSet(s));
        Assert.Equal(Linq.Select(Linq.GroupBy(s, i => i % 3), g => (g.Key, string.Join(',', g))),
            Ours.Select(Ours.GroupBy(s, i => i % 3), g => (g.Key, string.Join(',', g))));
        Assert.Equal(Linq.ToDictionary(Linq.Distinct(s), i => i, i => -i), Ours.ToDictionary(Ours.Distinct(s), i => i, i => -i));
    }

    [Fact]
    public void Nothing_more_is_asked_of_the_source_than_is_needed()
    {
        int asked = 0;
        IEnumerable<int> Endless()
        {
            while (true)
                yield return asked++;
        }
        IEnumerable<int> two = Ours.Take(Ours.Select(Ours.Where(Endless(), i => i % 2 == 1), i => i * 10), 2);
        Assert.Equal(0, asked);
        Assert.Equal([10, 30], two);
        Assert.Equal(4, asked);
        Assert.True(Ours.Any(Endless()));
        Assert.Equal(5, asked);
    }
}

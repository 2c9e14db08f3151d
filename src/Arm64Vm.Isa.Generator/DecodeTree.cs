using System.Numerics;

namespace Arm64Vm.Isa.Generator;

/// <summary>
/// The decoder's search structure. A node is a word: 0x8000_0000 | opcode is the answer; else shift | width &lt;&lt; 5 | first child &lt;&lt; 9,
/// the child chosen by <c>width</c> bits of the instruction from bit <c>shift</c>. The first nodes are indexed by the bits from RootShift up.
/// Every path tests all bits that decide, so no pattern is compared at run time.
/// </summary>
internal sealed class DecodeTree
{
    public const int RootShift = 21;

    private const int MaximumWidth = 6;
    private const uint Leaf = 0x8000_0000;

    private readonly IReadOnlyList<EncodingRow> _rows;
    private readonly Dictionary<string, uint> _inner = new(StringComparer.Ordinal);

    public DecodeTree(IReadOnlyList<EncodingRow> rows)
    {
        _rows = rows;
        // The more fixed bits, the more specific: an alias comes before the encoding it is carved out of.
        int[] all = [.. Enumerable.Range(0, rows.Count).OrderByDescending(i => BitOperations.PopCount(rows[i].Fixed.Mask)).ThenBy(i => i)];
        Nodes.AddRange(new uint[1 << (32 - RootShift)]);
        for (uint top = 0; top < 1u << (32 - RootShift); top++)
        {
            var known = new Cube(uint.MaxValue << RootShift, top << RootShift);
            Nodes[(int)top] = Build(Select(all, known), known);
        }
    }

    public List<uint> Nodes { get; } = [];

    /// <summary>The rows that take some of the known words, and are not hidden by one that takes all.</summary>
    private int[] Select(int[] rows, Cube known)
    {
        var selected = new List<int>();
        foreach (int row in rows)
        {
            EncodingRow encoding = _rows[row];
            if (!encoding.Fixed.Intersects(known) || encoding.Rejected.Any(r => r.Includes(encoding.Fixed.Intersection(known))))
                continue;
            selected.Add(row);
            if (TakesAll(row, known))
                break;
        }

        return [.. selected];
    }

    private bool TakesAll(int row, Cube known) => _rows[row].Fixed.Includes(known) && !_rows[row].Rejected.Any(r => r.Intersects(known));

    private bool IsDecided(int[] rows, Cube known) => rows.Length == 0 || TakesAll(rows[0], known);

    private uint Build(int[] rows, Cube known)
    {
        if (IsDecided(rows, known))
            return Leaf | (rows.Length == 0 ? 0 : (uint)(rows[0] + 1));
        (int shift, int width) = ChooseField(rows, known);
        var children = new uint[1 << width];
        for (uint value = 0; value < children.Length; value++)
        {
            uint mask = ((1u << width) - 1) << shift;
            var next = known.Intersection(new Cube(mask, value << shift));
            children[value] = Build(Select(rows, next), next);
        }

        string key = shift + ":" + string.Join(',', children);
        if (!_inner.TryGetValue(key, out uint node))
        {
            node = (uint)shift | ((uint)width << 5) | ((uint)Nodes.Count << 9);
            Nodes.AddRange(children);
            _inner.Add(key, node);
        }

        return node;
    }

    /// <summary>The narrowest field that leaves the fewest rows undecided on average.</summary>
    private (int Shift, int Width) ChooseField(int[] rows, Cube known)
    {
        (int Shift, int Width) best = default;
        double bestCost = double.MaxValue;
        for (int width = 1; width <= MaximumWidth; width++)
        {
            for (int shift = 0; shift + width <= 32; shift++)
            {
                uint mask = ((1u << width) - 1) << shift;
                if ((known.Mask & mask) != 0)
                    continue;
                double cost = 0.05 * width;
                for (uint value = 0; value < 1u << width; value++)
                {
                    var next = known.Intersection(new Cube(mask, value << shift));
                    int[] selected = Select(rows, next);
                    cost += IsDecided(selected, next) ? 0 : (double)selected.Length / (1u << width);
                }

                if (cost < bestCost - 1e-9)
                {
                    bestCost = cost;
                    best = (shift, width);
                }
            }
        }

        return best;
    }
}

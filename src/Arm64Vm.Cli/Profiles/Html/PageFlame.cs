using System.Text.Json;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary>The tree of the flame graph, without what would be too narrow to be seen even when its neighbours are zoomed into.</summary>
internal sealed class PageFlame
{
    private const int Narrowest = 50_000;

    private readonly ExportStacks _stacks;
    private readonly long[] _self;
    private readonly long[] _total;

    public PageFlame(Profile profile)
    {
        _stacks = new ExportStacks(profile);
        var nodes = new List<(int Node, long Weight)>();
        foreach (var sample in profile.Samples)
        {
            if (ExportStacks.Has(sample))
                nodes.Add((_stacks.NodeOf(sample), sample.Weight));
        }

        _self = new long[_stacks.Nodes.Count];
        foreach (var (node, weight) in nodes)
            _self[node] += weight;
        _total = [.. _self];

        // A parent comes before its children.
        for (var i = _total.Length - 1; i >= 0; i--)
        {
            if (_stacks.Nodes[i].Parent is >= 0 and var parent)
                _total[parent] += _total[i];
        }
    }

    public void Write(Utf8JsonWriter json, Func<string, int> nameNumber)
    {
        long all = 0;
        for (var i = 0; i < _total.Length; i++)
            all += _stacks.Nodes[i].Parent < 0 ? _total[i] : 0;
        var numbers = new int[_total.Length];
        List<int> kept = [];
        for (var i = 0; i < _total.Length; i++)
        {
            numbers[i] = kept.Count;
            if (_total[i] > all / Narrowest)
                kept.Add(i);
        }

        json.WriteStartObject("flame");
        json.WriteNumbers("parent", kept.Select(i => _stacks.Nodes[i].Parent is >= 0 and var parent ? numbers[parent] : -1L));
        json.WriteNumbers("name", kept.Select(i => (long)nameNumber(_stacks.Frames[_stacks.Nodes[i].Frame].Title)));
        json.WriteNumbers("self", kept.Select(i => _self[i]));
        json.WriteNumbers("total", kept.Select(i => _total[i]));
        json.WriteEndObject();
    }
}

using System.Runtime.InteropServices;

namespace Arm64Vm.Profiling;

/// <summary>What a frame of an exported stack stands for.</summary>
internal enum ExportFrameKind
{
    /// <summary>A function of the guest, or a page of code without a name.</summary>
    Guest,

    /// <summary>The guest's process, outermost.</summary>
    Process,

    /// <summary>What was done outside emitted code for the guest's instruction, innermost.</summary>
    Place,
}

/// <summary>A frame of exported stacks.</summary>
/// <param name="Name">Without its module.</param>
/// <param name="Module">May be empty.</param>
/// <param name="Address">Virtual: of the symbol, or of the page; 0 where it is no code.</param>
/// <param name="Symbol">Index of the symbol, or −1.</param>
/// <param name="ExceptionLevel">0 or 1; of a guest's function.</param>
/// <param name="Place">Of <see cref="ExportFrameKind.Place"/>.</param>
internal sealed record ExportFrame(ExportFrameKind Kind, string Name, string Module, ulong Address, int Symbol, byte ExceptionLevel = 0, ProfilePlace Place = ProfilePlace.Emitted)
{
    /// <summary>As tables print it.</summary>
    public string Title => Module.Length > 0 && Kind == ExportFrameKind.Guest ? $"{Name} ({Module})" : Name;
}

/// <summary>A node of the tree of exported stacks.</summary>
/// <param name="Parent">Index of the caller's node, less than this node's; −1: none.</param>
/// <param name="Frame">Index of the frame.</param>
internal readonly record struct ExportNode(int Parent, int Frame);

/// <summary>
/// Stacks by function, as other programs want them: with the process outermost where processes are known, and innermost, in brackets, what was done
/// outside emitted code on the guest's behalf. As in the table of functions, time that the host took from the thread is no guest's.
/// </summary>
internal sealed class ExportStacks
{
    private readonly Profile _profile;
    private readonly int[] _frameOfFrame;
    private readonly int[] _frameOfPlace = new int[ProfilePlaces.Count];
    private readonly Dictionary<int, int> _frameOfProcess = [];
    private readonly Dictionary<ExportNode, int> _numbers = [];
    private readonly Dictionary<(int Process, int Stack, ProfilePlace Place), int> _known = [];
    private readonly List<int> _path = [];

    public ExportStacks(Profile profile)
    {
        _profile = profile;
        _frameOfFrame = new int[profile.Frames.Count];
        var byKey = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < _frameOfFrame.Length; i++)
        {
            var frame = profile.Frames[i];
            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(byKey, FunctionTable.KeyOf(profile, frame), out var exists);
            if (!exists)
            {
                var row = FunctionTable.RowOf(profile, frame);
                number = Frames.Count;
                Frames.Add(new ExportFrame(ExportFrameKind.Guest, row.Name, row.Module, frame.Symbol >= 0 ? profile.Symbols[frame.Symbol].Address : frame.Address & ~0xFFFUL, frame.Symbol, frame.ExceptionLevel));
            }

            _frameOfFrame[i] = number;
        }

        Array.Fill(_frameOfPlace, -1);
    }

    /// <summary>Each function, process and place once. Complete when every sample has been asked for.</summary>
    public List<ExportFrame> Frames { get; } = [];

    /// <summary>Each stack once; a parent comes before its children. Complete when every sample has been asked for.</summary>
    public List<ExportNode> Nodes { get; } = [];

    /// <summary>A sample belongs in a stack: the guest, or something on its behalf, was running.</summary>
    public static bool Has(in ProfileSample sample) => sample.Stack >= 0 && sample.Place != ProfilePlace.Host;

    /// <summary>The node of a sample that <see cref="Has"/> one.</summary>
    public int NodeOf(in ProfileSample sample)
    {
        ref var node = ref CollectionsMarshal.GetValueRefOrAddDefault(_known, (sample.Process, sample.Stack, sample.Place), out var exists);
        if (exists)
            return node;
        _path.Clear();
        for (var at = sample.Stack; at >= 0; at = _profile.Stacks[at].Parent)
            _path.Add(_frameOfFrame[_profile.Stacks[at].Frame]);
        var number = _profile.Processes.Count > 0 ? Push(-1, FrameOfProcess(sample.Process)) : -1;
        for (var i = _path.Count - 1; i >= 0; i--)
            number = Push(number, _path[i]);
        if (sample.Place != ProfilePlace.Emitted)
            number = Push(number, FrameOfPlace(sample.Place));
        return node = number;
    }

    /// <summary>The frames of a node, outermost first.</summary>
    public int[] PathOf(int node)
    {
        var depth = 0;
        for (var at = node; at >= 0; at = Nodes[at].Parent)
            depth++;
        var path = new int[depth];
        for (var at = node; at >= 0; at = Nodes[at].Parent)
            path[--depth] = Nodes[at].Frame;
        return path;
    }

    private int Push(int parent, int frame)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, new ExportNode(parent, frame), out var exists);
        if (!exists)
        {
            number = Nodes.Count;
            Nodes.Add(new ExportNode(parent, frame));
        }

        return number;
    }

    private int FrameOfProcess(int process)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_frameOfProcess, process, out var exists);
        if (!exists)
        {
            number = Frames.Count;
            Frames.Add(new ExportFrame(ExportFrameKind.Process, process < 0 ? "no process" : FunctionTable.ProcessName(_profile, process), "", 0, -1));
        }

        return number;
    }

    private int FrameOfPlace(ProfilePlace place)
    {
        ref var number = ref _frameOfPlace[(int)place];
        if (number < 0)
        {
            number = Frames.Count;
            Frames.Add(new ExportFrame(ExportFrameKind.Place, $"[{ProfilePlaces.Name(place)}]", "", 0, -1, 0, place));
        }

        return number;
    }
}

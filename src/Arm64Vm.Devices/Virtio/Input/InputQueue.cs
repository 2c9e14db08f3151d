namespace Arm64Vm.Devices.Virtio.Input;

/// <summary>What is typed or moved on the host, on its way to a guest's input device. Safe from any thread.</summary>
/// <remarks>It holds <see cref="Capacity"/> events. Those that come while no driver listens, or while there is no room for all of a report, are lost.</remarks>
internal sealed class InputQueue
{
    public const int Capacity = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<InputEvent> _events = new();
    private Action? _arrived;

    /// <summary>Adds events that belong together, and the one that says so (EV_SYN, SYN_REPORT).</summary>
    public void Report(params ReadOnlySpan<InputEvent> events)
    {
        Action? arrived;
        lock (_gate)
        {
            if (_arrived is null || events.IsEmpty || _events.Count + events.Length + 1 > Capacity)
                return;
            foreach (var one in events)
                _events.Enqueue(one);
            _events.Enqueue(default);
            arrived = _arrived;
        }

        arrived();
    }

    /// <summary>Takes the next event; false: there is none.</summary>
    public bool TryTake(out InputEvent next)
    {
        lock (_gate)
            return _events.TryDequeue(out next);
    }

    /// <summary>Sets whom to call, with no lock held, when events have come; what came before is forgotten. Null: nobody listens.</summary>
    public void SetHandler(Action? arrived)
    {
        lock (_gate)
        {
            _arrived = arrived;
            _events.Clear();
        }
    }
}

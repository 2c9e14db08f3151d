namespace Arm64Vm.Scheduling;

/// <summary>A ring that one thread uses: entities that may not leave their worker. Grows, and allocates nothing otherwise.</summary>
internal sealed class LocalQueue
{
    private ScheduleEntity?[] _ring = new ScheduleEntity?[8];
    private int _first;

    public int Count { get; private set; }

    public void Add(ScheduleEntity entity)
    {
        if (Count == _ring.Length)
        {
            var ring = new ScheduleEntity?[_ring.Length * 2];
            for (var i = 0; i < Count; i++)
                ring[i] = _ring[(_first + i) & (_ring.Length - 1)];
            _ring = ring;
            _first = 0;
        }

        _ring[(_first + Count++) & (_ring.Length - 1)] = entity;
    }

    public ScheduleEntity? Take()
    {
        if (Count == 0)
            return null;
        var entity = _ring[_first];
        _ring[_first] = null;
        _first = (_first + 1) & (_ring.Length - 1);
        Count--;
        return entity;
    }
}

namespace Arm64Vm.Devices.Clock;

/// <summary>A binary heap of armed timers by deadline. A timer knows its place, so moving it allocates nothing. Not synchronised.</summary>
internal sealed class TimerHeap
{
    private HeapTimer[] _items = new HeapTimer[16];
    private int _count;

    /// <summary>The timer that expires first, or null.</summary>
    public HeapTimer? First => _count == 0 ? null : _items[0];

    /// <summary>Adds the timer, or moves it when it is armed already.</summary>
    public void Set(HeapTimer timer, ulong deadline)
    {
        timer.Deadline = deadline;
        if (timer.Place < 0)
        {
            if (_count == _items.Length)
                Array.Resize(ref _items, _count * 2);
            Put(timer, _count++);
        }

        SiftDown(timer, SiftUp(timer, timer.Place));
    }

    public void Remove(HeapTimer timer)
    {
        var place = timer.Place;
        if (place < 0)
            return;
        timer.Place = -1;
        var last = _items[--_count];
        _items[_count] = null!;
        if (last == timer)
            return;
        Put(last, place);
        SiftDown(last, SiftUp(last, place));
    }

    private int SiftUp(HeapTimer timer, int place)
    {
        while (place > 0)
        {
            var parent = (place - 1) / 2;
            if (_items[parent].Deadline <= timer.Deadline)
                break;
            Put(_items[parent], place);
            place = parent;
        }

        Put(timer, place);
        return place;
    }

    private void SiftDown(HeapTimer timer, int place)
    {
        while (true)
        {
            var child = 2 * place + 1;
            if (child >= _count)
                break;
            if (child + 1 < _count && _items[child + 1].Deadline < _items[child].Deadline)
                child++;
            if (timer.Deadline <= _items[child].Deadline)
                break;
            Put(_items[child], place);
            place = child;
        }

        Put(timer, place);
    }

    private void Put(HeapTimer timer, int place)
    {
        _items[place] = timer;
        timer.Place = place;
    }
}

/// <summary>What a <see cref="TimerHeap"/> holds; the clock that owns the heap owns these fields too.</summary>
internal abstract class HeapTimer(Action expired)
{
    public Action Expired { get; } = expired;

    public ulong Deadline { get; set; }

    /// <summary>The index in the heap; negative while disarmed.</summary>
    public int Place { get; set; } = -1;
}

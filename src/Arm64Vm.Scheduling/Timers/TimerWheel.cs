using System.Numerics;

namespace Arm64Vm.Scheduling;

/// <summary>Deadlines of parked entities, of one worker: a hierarchical timing wheel. Setting, moving and expiring cost a constant time and allocate nothing.</summary>
/// <remarks>
/// Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987, scheme 7. Times are ticks of 2^14 ns (16 µs), rounded up: a deadline never
/// expires early. Nine levels of 64 slots hold any 64-bit time. The level of a deadline is that of the highest base-64 digit in
/// which it differs from the present tick; so at each level the occupied slots lie ahead of the present digit, in order, and the lowest
/// level that is not empty holds what comes first.
///
/// One thread uses a wheel, without synchronisation. An entity that wakes early stays in the wheel: its node says that it wants to
/// be looked at then, and looking is harmless. Every worker has a node of its own for an entity, so an entity that parked here and runs
/// elsewhere needs no word with this wheel. A node moves only when its entity is set again.
/// </remarks>
internal sealed class TimerWheel
{
    private const int TickShift = 14;
    private const int DigitBits = 6;
    private const int Slots = 1 << DigitBits;
    private const int Levels = 9;
    private const int None = -1;

    /// <summary>Longer lists are not searched for their earliest deadline.</summary>
    private const int SearchLimit = 32;

    private readonly int[] _heads = new int[Levels * Slots];
    private readonly ulong[] _occupied = new ulong[Levels];
    private Node[] _nodes = new Node[16];
    private ulong _tick;

    public TimerWheel(ulong now)
    {
        _heads.AsSpan().Fill(None);
        for (var i = 0; i < _nodes.Length; i++)
            _nodes[i].Place = None;
        _tick = now >> TickShift;
    }

    private struct Node
    {
        public ScheduleEntity? Entity;
        public ulong Deadline;
        public int Next;
        public int Previous;

        /// <summary>Index in the heads; negative: not in the wheel.</summary>
        public int Place;
    }

    /// <summary>Entities in the wheel.</summary>
    public int Count { get; private set; }

    /// <summary>A time at which <see cref="Expire"/> has something to do, never after the earliest deadline by more than a tick; <see cref="ScheduleResult.Never"/> when the wheel is empty.</summary>
    public ulong Next
    {
        get
        {
            for (var level = 0; level < Levels; level++)
            {
                if (_occupied[level] == 0)
                    continue;
                var slot = BitOperations.TrailingZeroCount(_occupied[level]);
                return level == 0 ? StartOf(0, slot) << TickShift : Earliest(level, slot) << TickShift;
            }

            return ScheduleResult.Never;
        }
    }

    /// <summary>Has the entity returned by <see cref="Expire"/> once the deadline has passed; replaces what was set before.</summary>
    public void Set(ScheduleEntity entity, ulong deadline)
    {
        var index = entity.Index;
        if (index >= _nodes.Length)
            Grow(index);
        ref var node = ref _nodes[index];
        if (node.Place != None)
            Unlink(index);
        node.Entity = entity;
        node.Deadline = Math.Max(Ticks(deadline), _tick + 1);
        Link(index);
    }

    /// <summary>Moves time on and takes one entity out whose deadline has passed; null when there is none.</summary>
    public ScheduleEntity? Expire(ulong now)
    {
        var target = now >> TickShift;
        while (true)
        {
            var level = 0;
            while (level < Levels && _occupied[level] == 0)
                level++;
            if (level == Levels)
                break;
            var slot = BitOperations.TrailingZeroCount(_occupied[level]);
            var start = StartOf(level, slot);
            if (start > target)
                break;
            _tick = Math.Max(_tick, start);
            var head = _heads[(level * Slots) + slot];
            if (level == 0)
            {
                Unlink(head);
                var entity = _nodes[head].Entity;
                _nodes[head].Entity = null;
                return entity;
            }

            Cascade(head, level, slot);
        }

        _tick = Math.Max(_tick, target);
        return null;
    }

    /// <summary>Takes any entity out; null when the wheel is empty.</summary>
    public ScheduleEntity? TakeAny()
    {
        for (var index = 0; index < _nodes.Length && Count > 0; index++)
        {
            if (_nodes[index].Place == None)
                continue;
            Unlink(index);
            return _nodes[index].Entity;
        }

        return null;
    }

    private static ulong Ticks(ulong deadline) => (deadline >> TickShift) + ((deadline & ((1ul << TickShift) - 1)) == 0 ? 0ul : 1ul);

    /// <summary>First tick of a slot that lies ahead.</summary>
    private ulong StartOf(int level, int slot)
    {
        var shift = level * DigitBits;
        var above = shift + DigitBits >= 64 ? 0 : _tick >> (shift + DigitBits) << (shift + DigitBits);
        return above | ((ulong)slot << shift);
    }

    private ulong Earliest(int level, int slot)
    {
        var earliest = ulong.MaxValue;
        var left = SearchLimit;
        for (var i = _heads[(level * Slots) + slot]; i != None; i = _nodes[i].Next)
        {
            if (left-- == 0)
                return StartOf(level, slot);
            earliest = Math.Min(earliest, _nodes[i].Deadline);
        }

        return earliest;
    }

    /// <summary>The present tick has entered a slot of a higher level: its nodes go to lower ones.</summary>
    private void Cascade(int head, int level, int slot)
    {
        _heads[(level * Slots) + slot] = None;
        _occupied[level] &= ~(1ul << slot);
        while (head != None)
        {
            var next = _nodes[head].Next;
            Count--;
            Link(head);
            head = next;
        }
    }

    private void Link(int index)
    {
        ref var node = ref _nodes[index];
        var difference = node.Deadline ^ _tick;
        var level = difference == 0 ? 0 : BitOperations.Log2(difference) / DigitBits;
        var slot = (int)(node.Deadline >> (level * DigitBits)) & (Slots - 1);
        var place = (level * Slots) + slot;
        node.Place = place;
        node.Previous = None;
        node.Next = _heads[place];
        if (node.Next != None)
            _nodes[node.Next].Previous = index;
        _heads[place] = index;
        _occupied[level] |= 1ul << slot;
        Count++;
    }

    private void Unlink(int index)
    {
        ref var node = ref _nodes[index];
        if (node.Next != None)
            _nodes[node.Next].Previous = node.Previous;
        if (node.Previous != None)
        {
            _nodes[node.Previous].Next = node.Next;
        }
        else
        {
            _heads[node.Place] = node.Next;
            if (node.Next == None)
                _occupied[node.Place / Slots] &= ~(1ul << (node.Place % Slots));
        }

        node.Place = None;
        Count--;
    }

    private void Grow(int index)
    {
        var old = _nodes.Length;
        Array.Resize(ref _nodes, (int)BitOperations.RoundUpToPowerOf2((uint)index + 1));
        for (var i = old; i < _nodes.Length; i++)
            _nodes[i].Place = None;
    }
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Virtio;

/// <summary>A split virtqueue as its device sees it (virtio 1.2, 2.7). Everything read from RAM is checked.</summary>
/// <remarks>
/// What a driver can make a device hold is bounded: no more requests than the queue has entries, each of at most <see cref="LargestChain"/>
/// buffers, <see cref="DescriptorChain.SegmentSize"/> bytes for each. A driver that goes beyond breaks the queue.
/// </remarks>
internal sealed class Virtqueue
{
    private const int DescriptorSize = 16;
    private const ushort DescriptorNext = 1;
    private const ushort DescriptorWrite = 2;
    private const ushort DescriptorIndirect = 4;
    private const ushort AvailableNoInterrupt = 1;

    /// <summary>
    /// Buffers of a request. A chain must not be longer than the queue, indirect ones included (2.7.5.3.1); drivers of devices with small
    /// queues go beyond all the same, and up to this QEMU takes them.
    /// </summary>
    private const int CommonChain = 1024;

    private readonly IGuestMemory _memory;
    private readonly DescriptorChain _chain;
    private ulong _features;
    private ushort _nextAvailable;
    private ushort _nextUsed;
    private ushort _signalledUsed;

    internal Virtqueue(IGuestMemory memory, int index, ushort maximumSize)
    {
        _memory = memory;
        Index = index;
        _chain = new DescriptorChain(memory);
        MaximumSize = maximumSize;
        Size = maximumSize;
    }

    /// <summary>Which of the device's queues it is.</summary>
    public int Index { get; }

    /// <summary>The largest size the driver may choose.</summary>
    public ushort MaximumSize { get; }

    /// <summary>The most buffers that a request may have.</summary>
    public int LargestChain => Math.Max(CommonChain, (int)MaximumSize);

    /// <summary>Requests taken and not given back.</summary>
    public int InFlight => (ushort)(_nextAvailable - _nextUsed);

    /// <summary>The driver enabled the queue.</summary>
    public bool IsReady { get; internal set; }

    /// <summary>The driver broke the ring's rules: nothing more is taken from it until a reset.</summary>
    public bool IsBroken { get; private set; }

    internal ushort Size { get; set; }

    internal ulong DescriptorTable { get; set; }

    internal ulong AvailableRing { get; set; }

    internal ulong UsedRing { get; set; }

    /// <summary>The size is a power of two within bounds and the parts are aligned (virtio 1.2, 2.7).</summary>
    internal bool IsValid =>
        Size > 0 && Size <= MaximumSize && (Size & (Size - 1)) == 0
        && (DescriptorTable & 15) == 0 && (AvailableRing & 1) == 0 && (UsedRing & 3) == 0;

    /// <summary>A request is waiting.</summary>
    public bool HasPending => IsReady && !IsBroken && TryRead16(AvailableRing + 2, out var available) && available != _nextAvailable;

    /// <summary>Takes the next request. The chain is valid until the next call.</summary>
    /// <returns>Null when there is none, or the queue is broken.</returns>
    public DescriptorChain? TryPop() => TryPop(_chain) ? _chain : null;

    /// <summary>A chain for requests that are kept while others are taken, of this queue or others of its device.</summary>
    public DescriptorChain CreateChain() => new(_memory);

    /// <summary>Takes the next request into a chain of the caller's.</summary>
    /// <returns>False when there is none, or the queue is broken.</returns>
    public bool TryPop(DescriptorChain chain)
    {
        if (!IsReady || IsBroken)
            return false;
        if (!TryRead16(AvailableRing + 2, out var available))
            return Break();
        if (available == _nextAvailable)
            return false;

        // Each request that waits or is in flight has a descriptor of its own.
        if ((ushort)(available - _nextUsed) > Size || InFlight >= Size || !TryRead16(AvailableRing + 4 + 2ul * (uint)(_nextAvailable & (Size - 1)), out var head) || head >= Size)
            return Break();
        chain.Clear();
        (chain.Head, chain.Queue) = (head, Index);
        if (!TryCollect(chain, head))
            return Break();
        _nextAvailable++;
        return true;
    }

    /// <summary>Asks for a notification of the next request; true when one is there already, and none will come for it.</summary>
    public bool EnableNotifications()
    {
        if (!IsReady || IsBroken)
            return false;
        if ((_features & VirtioFeatures.EventIndex) != 0)
        {
            TryWrite16(UsedRing + 4 + 8ul * Size, _nextAvailable);
            Interlocked.MemoryBarrier();
        }

        return TryRead16(AvailableRing + 2, out var available) && available != _nextAvailable;
    }

    /// <summary>Asks for a notification of a request beyond those that wait already; true when there is a new one, and none will come for it.</summary>
    internal bool EnableNotificationsOfMore()
    {
        if (!IsReady || IsBroken || !TryRead16(AvailableRing + 2, out var before))
            return false;
        if ((_features & VirtioFeatures.EventIndex) != 0)
        {
            TryWrite16(UsedRing + 4 + 8ul * Size, before);
            Interlocked.MemoryBarrier();
        }

        return TryRead16(AvailableRing + 2, out var available) && available != before;
    }

    /// <summary>Gives the requests back that were taken last, to be taken again.</summary>
    /// <param name="count">How many; none of them was pushed.</param>
    internal void Return(int count) => _nextAvailable -= (ushort)count;

    /// <summary>Gives a request back, with the number of bytes written to it.</summary>
    public void Push(ushort head, uint written)
    {
        Fill(0, head, written);
        Publish(1);
    }

    /// <summary>Prepares a used element that the driver does not see before <see cref="Publish"/>.</summary>
    /// <param name="ahead">How many were prepared since.</param>
    /// <param name="head">The request.</param>
    /// <param name="written">Bytes written to it.</param>
    internal void Fill(int ahead, ushort head, uint written)
    {
        if (!IsReady || IsBroken)
            return;
        var at = UsedRing + 4 + 8ul * (uint)((_nextUsed + ahead) & (Size - 1));
        var element = _memory.MapForWriting(at, 8);
        if (element.Length < 8)
        {
            Break();
            return;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(element, head);
        BinaryPrimitives.WriteUInt32LittleEndian(element[4..], written);
        _memory.NotifyWritten(at, 8);
    }

    /// <summary>Lets the driver see prepared elements, all at once.</summary>
    internal void Publish(int count)
    {
        if (!IsReady || IsBroken)
            return;

        // The host's stores stay in order (x86-TSO), so the driver sees the elements before the index.
        var next = (ushort)(_nextUsed + count);
        if (TryWrite16(UsedRing + 2, next))
            _nextUsed = next;
        else
            Break();
    }

    /// <summary>After one or more <see cref="Push"/>: true when the driver wants an interrupt (virtio 1.2, 2.7.7).</summary>
    public bool ShouldInterrupt()
    {
        if (!IsReady || IsBroken)
            return false;
        var before = _signalledUsed;
        _signalledUsed = _nextUsed;
        Interlocked.MemoryBarrier();
        if ((_features & VirtioFeatures.EventIndex) == 0)
            return _nextUsed != before && TryRead16(AvailableRing, out var flags) && (flags & AvailableNoInterrupt) == 0;
        return TryRead16(AvailableRing + 4 + 2ul * Size, out var wanted)
            && (ushort)(_nextUsed - wanted - 1) < (ushort)(_nextUsed - before);
    }

    internal void Activate(ulong features) => _features = features;

    internal void Reset()
    {
        IsReady = false;
        IsBroken = false;
        Size = MaximumSize;
        (DescriptorTable, AvailableRing, UsedRing) = (0, 0, 0);
        (_nextAvailable, _nextUsed, _signalledUsed) = (0, 0, 0);
        _features = 0;
    }

    internal VirtqueueState Save() =>
        new(Size, IsReady, DescriptorTable, AvailableRing, UsedRing, _nextAvailable, _nextUsed, _signalledUsed);

    internal void Restore(VirtqueueState state)
    {
        Reset();
        Size = state.Size;
        DescriptorTable = state.DescriptorTable;
        AvailableRing = state.AvailableRing;
        UsedRing = state.UsedRing;
        IsReady = state.Ready && IsValid;
        (_nextAvailable, _nextUsed, _signalledUsed) = (state.NextAvailable, state.NextUsed, state.SignalledUsed);
    }

    private bool TryCollect(DescriptorChain chain, ushort head)
    {
        var table = DescriptorTable;
        uint count = Size;
        uint index = head;
        uint taken = 0;
        var indirect = false;
        while (true)
        {
            // A chain that takes more descriptors than its table has goes in a circle.
            if (index >= count || ++taken > count)
                return false;
            var descriptor = _memory.Map(table + (ulong)index * DescriptorSize, DescriptorSize);
            if (descriptor.Length < DescriptorSize)
                return false;
            var address = BinaryPrimitives.ReadUInt64LittleEndian(descriptor);
            var bytes = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[8..]);
            var flags = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[12..]);
            var next = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[14..]);
            if ((flags & DescriptorIndirect) != 0)
            {
                // One level only, and the last of its chain; ordinary ones may go before (virtio 1.2, 2.7.5.3).
                if (indirect || (flags & DescriptorNext) != 0 || bytes == 0 || bytes % DescriptorSize != 0
                    || (_features & VirtioFeatures.IndirectDescriptors) == 0)
                    return false;
                indirect = true;
                table = address;
                count = bytes / DescriptorSize;
                index = 0;
                taken = 0;
                continue;
            }

            if (chain.Count >= LargestChain || !chain.TryAdd(address, bytes, (flags & DescriptorWrite) != 0))
                return false;
            if ((flags & DescriptorNext) == 0)
                return true;
            index = next;
        }
    }

    private bool Break()
    {
        IsBroken = true;
        return false;
    }

    /// <summary>Fields of rings are aligned and read at once, as the driver on another processor writes them.</summary>
    private bool TryRead16(ulong address, out ushort value)
    {
        var bytes = _memory.Map(address, 2);
        value = bytes.Length == 2 ? Volatile.Read(in MemoryMarshal.AsRef<ushort>(bytes)) : (ushort)0;
        return bytes.Length == 2;
    }

    private bool TryWrite16(ulong address, ushort value)
    {
        var bytes = _memory.MapForWriting(address, 2);
        if (bytes.Length < 2)
            return false;
        Volatile.Write(ref MemoryMarshal.AsRef<ushort>(bytes), value);
        _memory.NotifyWritten(address, 2);
        return true;
    }
}

using System.Buffers.Binary;
using System.Net.NetworkInformation;
using Arm64Vm.Cpu;
using Arm64Vm.Devices.Net;

namespace Arm64Vm.Devices.Virtio.Net;

/// <summary>A network device (virtio 1.2, 5.1) with one pair of queues, or with several and a control queue.</summary>
/// <remarks>
/// What is not sent yet stays in the guest's rings and what is not received yet in the network, so there is nothing to finish before a
/// save. Frames move in <see cref="LinkEnd"/>.
/// </remarks>
internal sealed class VirtioNet : IVirtioDevice, IStateful<VirtioNetState>, IDisposable
{
    /// <summary>With two queues each, one for control and one vector for changes, they have room in a table of 128 vectors.</summary>
    public const int MaximumPairs = 32;

    private const ushort QueueSize = 1024;
    private const ushort ControlQueueSize = 64;
    private const int ConfigurationSize = 12;
    private const byte LinkIsUp = 1;

    private readonly LinkEnd[] _ends;
    private readonly int _maximumPairs;
    private readonly byte[] _configuration = new byte[ConfigurationSize];
    private IReadOnlyList<Virtqueue> _queues = [];
    private IVirtioInterrupts? _interrupts;
    private ulong _features;
    private int _pairs = 1;

    /// <summary>A device with one pair of queues.</summary>
    /// <param name="link">What it is plugged into.</param>
    /// <param name="address">Six bytes.</param>
    /// <param name="mtu">The largest IP packet, which drivers then use; 0: they use 1500.</param>
    public VirtioNet(NetworkLink link, PhysicalAddress address, ushort mtu = 0)
        : this([link], 1, address, mtu)
    {
    }

    /// <param name="links">One for each pair, or one for all of them.</param>
    /// <param name="pairs">Pairs of queues, from 1 to <see cref="MaximumPairs"/>.</param>
    /// <param name="address">Six bytes.</param>
    /// <param name="mtu">The largest IP packet, which drivers then use; 0: they use 1500.</param>
    public VirtioNet(IReadOnlyList<NetworkLink> links, int pairs, PhysicalAddress address, ushort mtu)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pairs, MaximumPairs);
        _maximumPairs = pairs;
        address.GetAddressBytes().CopyTo(_configuration, 0);
        _configuration[6] = links[0].Network.IsUp ? LinkIsUp : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(_configuration.AsSpan(8), (ushort)pairs);
        BinaryPrimitives.WriteUInt16LittleEndian(_configuration.AsSpan(10), mtu);
        Features = Offer(links[0].Network.Offloads) | (mtu > 0 ? VirtioNetFeatures.Mtu : 0)
            | (pairs > 1 ? VirtioNetFeatures.ControlQueue | VirtioNetFeatures.QueuePairs : 0);
        _ends = [.. links.Select((link, i) => new LinkEnd(link, i, links.Count, pairs, LinkDown))];
    }

    /// <inheritdoc/>
    public uint DeviceId => 1;

    /// <inheritdoc/>
    public ulong Features { get; }

    /// <inheritdoc/>
    public int QueueCount => _maximumPairs == 1 ? 2 : 2 * _maximumPairs + 1;

    /// <summary>The control queue is behind those pairs that the driver knows of (5.1.2).</summary>
    private int ControlQueue => 2 * ((_features & VirtioNetFeatures.QueuePairs) != 0 ? _maximumPairs : 1);

    public static int ReceiveQueue(int pair) => 2 * pair;

    public static int TransmitQueue(int pair) => 2 * pair + 1;

    /// <inheritdoc/>
    public ushort GetMaximumQueueSize(int queue) => queue == 2 * _maximumPairs ? ControlQueueSize : QueueSize;

    /// <inheritdoc/>
    public void Activate(ulong features, IReadOnlyList<Virtqueue> queues, IVirtioInterrupts interrupts)
    {
        (_features, _queues, _interrupts) = (features, queues, interrupts);
        foreach (var end in _ends)
            end.Activate(features, queues, interrupts);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        (_features, _queues, _interrupts) = (0, [], null);
        _pairs = 1;
        foreach (var end in _ends)
            end.Reset();
    }

    /// <inheritdoc/>
    public void Notify(int queue)
    {
        if (queue == ControlQueue && (_features & VirtioNetFeatures.ControlQueue) != 0)
            Control(_queues[queue]);
        else if (queue < 2 * _maximumPairs)
            _ends[queue / 2 % _ends.Length].Notify(isTransmit: queue % 2 != 0);
    }

    /// <inheritdoc/>
    public void ReadConfiguration(uint offset, Span<byte> destination)
    {
        if (offset < ConfigurationSize)
            _configuration.AsSpan((int)offset, Math.Min(destination.Length, ConfigurationSize - (int)offset)).CopyTo(destination);
    }

    /// <inheritdoc/>
    public void WriteConfiguration(uint offset, ReadOnlySpan<byte> source)
    {
    }

    /// <inheritdoc/>
    public VirtioNetState Save() => new(_pairs);

    /// <inheritdoc/>
    /// <remarks>The transport is restored before: it resets the device.</remarks>
    public void Restore(VirtioNetState state) => UsePairs(Math.Clamp(state.Pairs, 1, _maximumPairs));

    /// <summary>The network is gone.</summary>
    public void LinkDown()
    {
        Volatile.Write(ref _configuration[6], 0);
        _interrupts?.RaiseConfigurationChange();
    }

    /// <summary>Leaves the links, which stay.</summary>
    public void Dispose()
    {
        foreach (var end in _ends)
            end.Dispose();
    }

    private static ulong Offer(NetworkOffloads offloads)
    {
        // What the network does not do the sender does here, which is quicker than in the guest.
        var features = VirtioNetFeatures.MacAddress | VirtioNetFeatures.Status | VirtioNetFeatures.MergeableBuffers
            | VirtioNetFeatures.Checksum | VirtioNetFeatures.HostSegments4 | VirtioNetFeatures.HostSegments6;
        if ((offloads & (NetworkOffloads.GivesBoth | NetworkOffloads.IsTrusted)) != 0)
            features |= VirtioNetFeatures.GuestChecksum;
        if ((offloads & NetworkOffloads.GivesBoth) != 0)
            features |= VirtioNetFeatures.GuestSegments4 | VirtioNetFeatures.GuestSegments6;
        return features;
    }

    /// <summary>Commands of the driver. An answer could go into the ring and make more of them, so there is an end to what is done at once.</summary>
    private void Control(Virtqueue ring)
    {
        var served = 0;
        do
        {
            for (; served < ControlQueueSize && ring.TryPop() is { } chain; served++)
            {
                ReadOnlySpan<byte> answer = [TryCommand(chain) ? NetControl.Done : NetControl.Error];
                ring.Push(chain.Head, chain.TryWrite(0, answer) ? 1u : 0);
            }
        }
        while (ring.EnableNotifications() && served < ControlQueueSize);
        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
    }

    private bool TryCommand(DescriptorChain chain)
    {
        Span<byte> command = stackalloc byte[NetControl.Size];
        if ((_features & VirtioNetFeatures.QueuePairs) == 0 || !chain.TryRead(0, command)
            || command[0] != NetControl.ClassQueuePairs || command[1] != NetControl.SetQueuePairs)
            return false;
        int pairs = BinaryPrimitives.ReadUInt16LittleEndian(command[2..]);
        if (pairs < 1 || pairs > _maximumPairs)
            return false;
        UsePairs(pairs);
        return true;
    }

    private void UsePairs(int pairs)
    {
        _pairs = pairs;
        foreach (var end in _ends)
            end.UsePairs(pairs);
    }
}

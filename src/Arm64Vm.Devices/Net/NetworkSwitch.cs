using System.Collections.Concurrent;

namespace Arm64Vm.Devices.Net;

/// <summary>An Ethernet switch between machines of one process. It learns who is where and passes segments and checksums on undone.</summary>
/// <remarks>
/// A port's waiting frames are bounded; what does not fit is lost, as in any switch, so no machine waits for another.
/// Sending and receiving take no lock: queues and table are the runtime's concurrent ones.
/// </remarks>
public sealed class NetworkSwitch
{
    /// <summary>Addresses remembered; a guest that makes up more makes the switch forget all.</summary>
    private const int MaximumAddresses = 4096;

    private readonly ConcurrentDictionary<ulong, SwitchPort> _addresses = new();
    private readonly Lock _gate = new();
    private SwitchPort[] _ports = [];

    /// <summary>Adds a port.</summary>
    /// <returns>Plugs into a <see cref="NetworkLink"/>; leaves the switch when disposed.</returns>
    internal INetwork AddPort()
    {
        var port = new SwitchPort(this);
        lock (_gate)
            _ports = [.. _ports, port];
        return port;
    }

    internal void Remove(SwitchPort port)
    {
        lock (_gate)
            _ports = Array.FindAll(_ports, other => other != port);
        foreach (var (address, owner) in _addresses)
        {
            if (owner == port)
                _addresses.TryRemove(address, out _);
        }
    }

    internal void Forward(SwitchPort from, in FrameHeader header, ReadOnlySpan<byte> frame)
    {
        var (destination, source) = (Address(frame), Address(frame[6..]));
        if (!IsGroup(source) && (!_addresses.TryGetValue(source, out var known) || known != from))
        {
            if (_addresses.Count >= MaximumAddresses)
                _addresses.Clear();
            _addresses[source] = from;
        }

        if (!IsGroup(destination) && _addresses.TryGetValue(destination, out var owner))
        {
            if (owner != from)
                owner.Enqueue(header, frame);
            return;
        }

        foreach (var port in Volatile.Read(ref _ports))
        {
            if (port != from)
                port.Enqueue(header, frame);
        }
    }

    private static ulong Address(ReadOnlySpan<byte> bytes) =>
        bytes[0] | (ulong)bytes[1] << 8 | (ulong)bytes[2] << 16 | (ulong)bytes[3] << 24 | (ulong)bytes[4] << 32 | (ulong)bytes[5] << 40;

    private static bool IsGroup(ulong address) => (address & 1) != 0;
}

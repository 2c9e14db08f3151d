using System.Buffers.Binary;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Pci;

/// <summary>What survives a snapshot of a <see cref="HostBridge"/>.</summary>
/// <param name="Command">The command register.</param>
/// <param name="CacheLineSize">The cache line size register, a scratch byte.</param>
/// <param name="InterruptLine">The interrupt line register, a scratch byte.</param>
internal sealed record HostBridgeState(ushort Command, byte CacheLineSize, byte InterruptLine);

/// <summary>The root complex as function 00:00.0: a generic host bridge without windows of its own.</summary>
internal sealed class HostBridge : IPciFunction, IStateful<HostBridgeState>
{
    private const ushort VendorId = 0x1B36;
    private const ushort DeviceId = 0x0008;
    private const ushort SubsystemVendorId = 0x1AF4;
    private const ushort SubsystemId = 0x1100;

    private const int Command = 0x04;
    private const int ClassCode = 0x08;
    private const int CacheLineSize = 0x0C;
    private const int Subsystem = 0x2C;
    private const int InterruptLine = 0x3C;

    /// <summary>I/O, memory, bus master, SERR and interrupt disable can be set (PCI 3.0, 6.2.2).</summary>
    private const ushort CommandWritable = 0x0507;

    /// <summary>The bridge is a conventional function: it has no extended configuration space.</summary>
    private const uint ConventionalSize = 256;

    private readonly byte[] _space = new byte[64];

    public HostBridge()
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_space, VendorId);
        BinaryPrimitives.WriteUInt16LittleEndian(_space.AsSpan(2), DeviceId);
        // Revision 0, class 06 (bridge), subclass 00 (host).
        BinaryPrimitives.WriteUInt32LittleEndian(_space.AsSpan(ClassCode), 0x0600_0000);
        BinaryPrimitives.WriteUInt16LittleEndian(_space.AsSpan(Subsystem), SubsystemVendorId);
        BinaryPrimitives.WriteUInt16LittleEndian(_space.AsSpan(Subsystem + 2), SubsystemId);
    }

    /// <inheritdoc/>
    public uint ReadConfiguration(uint offset, int size)
    {
        if (offset >= ConventionalSize)
            return uint.MaxValue >> (32 - 8 * size);
        uint value = 0;
        for (var i = 0; i < size; i++)
        {
            var at = offset + (uint)i;
            if (at < (uint)_space.Length)
                value |= (uint)_space[at] << (8 * i);
        }

        return value;
    }

    /// <inheritdoc/>
    public void WriteConfiguration(uint offset, int size, uint value)
    {
        for (var i = 0; i < size; i++)
        {
            var at = offset + (uint)i;
            var written = (byte)(value >> (8 * i));
            switch (at)
            {
                case Command: _space[at] = (byte)(written & CommandWritable); break;
                case Command + 1: _space[at] = (byte)(written & (CommandWritable >> 8)); break;
                case CacheLineSize or InterruptLine: _space[at] = written; break;
            }
        }
    }

    /// <inheritdoc/>
    public HostBridgeState Save() => new(
        BinaryPrimitives.ReadUInt16LittleEndian(_space.AsSpan(Command)), _space[CacheLineSize], _space[InterruptLine]);

    /// <inheritdoc/>
    public void Restore(HostBridgeState state)
    {
        WriteConfiguration(Command, 2, state.Command);
        WriteConfiguration(CacheLineSize, 1, state.CacheLineSize);
        WriteConfiguration(InterruptLine, 1, state.InterruptLine);
    }
}

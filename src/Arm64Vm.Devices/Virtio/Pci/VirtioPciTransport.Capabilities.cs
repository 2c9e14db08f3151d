using System.Buffers.Binary;
using Arm64Vm.Devices.Pci;
using static Arm64Vm.Devices.Virtio.Pci.VirtioPciRegisters;

namespace Arm64Vm.Devices.Virtio.Pci;

/// <summary>The capabilities: where the registers are, MSI-X, and a way to the registers through configuration space.</summary>
internal sealed partial class VirtioPciTransport
{
    private const int MsiXControl = 2;
    private const ushort MsiXEnable = 1 << 15;
    private const ushort MsiXMask = 1 << 14;

    // struct virtio_pci_cap (4.1.4), from the beginning of the capability.
    private const int CapabilityLength = 16;
    private const int AccessBar = 4;
    private const int AccessOffset = 8;
    private const int AccessLength = 12;
    private const int AccessData = 16;

    private bool UsesMessages => (MsiXControlBits & MsiXEnable) != 0;

    private ushort MsiXControlBits => BinaryPrimitives.ReadUInt16LittleEndian(Space[(_msiX + MsiXControl)..]);

    /// <inheritdoc/>
    public override uint ReadConfiguration(uint offset, int size)
    {
        lock (Gate)
        {
            if (TryFindAccess(offset, size, out var at))
                return ReadRegisters(at, size, out var value) ? (uint)value : 0;
            return base.ReadConfiguration(offset, size);
        }
    }

    /// <inheritdoc/>
    public override void WriteConfiguration(uint offset, int size, uint value)
    {
        lock (Gate)
        {
            if (TryFindAccess(offset, size, out var at))
            {
                WriteRegisters(at, size, value);
                return;
            }
        }

        base.WriteConfiguration(offset, size, value);
    }

    private protected override void ConfigurationWritten()
    {
        _vectors.SetControl(UsesMessages, (MsiXControlBits & MsiXMask) != 0);
        DriveInterrupt(_interruptStatus != 0 && !UsesMessages);
    }

    private int AddMsiX(int count)
    {
        Span<byte> body = stackalloc byte[10];
        Span<byte> writable = stackalloc byte[10];
        writable.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(body, (ushort)(count - 1));
        BinaryPrimitives.WriteUInt32LittleEndian(body[2..], MsiXBar);
        BinaryPrimitives.WriteUInt32LittleEndian(body[6..], MsiXTable.PendingOffset | MsiXBar);
        BinaryPrimitives.WriteUInt16LittleEndian(writable, MsiXEnable | MsiXMask);
        return AddCapability(PciRegisters.CapabilityMsiX, body, writable);
    }

    private void AddRegion(byte type, uint offset, uint? multiplier = null)
    {
        var body = new byte[CapabilityLength - 2 + (multiplier is null ? 0 : 4)];
        body[0] = (byte)(body.Length + 2);
        body[1] = type;
        body[2] = RegisterBar;
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(6), offset);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(10), RegionSize);
        if (multiplier is { } value)
            BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(14), value);
        AddCapability(PciRegisters.CapabilityVendor, body);
    }

    /// <summary>The alternative way (4.1.4.9): bar, offset and length are written, then data is read or written.</summary>
    private int AddAccess()
    {
        var body = new byte[CapabilityLength - 2 + 4];
        var writable = new byte[body.Length];
        body[0] = (byte)(body.Length + 2);
        body[1] = AccessType;
        writable[AccessBar - 2] = 0xFF;
        writable.AsSpan(AccessOffset - 2, 8).Fill(0xFF);
        return AddCapability(PciRegisters.CapabilityVendor, body, writable);
    }

    /// <summary>An endpoint, or one that is part of the root complex, without any of what can be had beyond.</summary>
    private void AddExpress(bool isInSlot)
    {
        const ushort Version2 = 2;
        const ushort Integrated = 9 << 4;
        const uint LinkOf2500MTransfersX1 = 1 | (1 << 4);
        const uint RoleBasedErrors = 1 << 15;
        const ushort ControlWritable = 0x7FFF;
        var body = new byte[58];
        var writable = new byte[body.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(body, (ushort)(Version2 | (isInSlot ? 0 : Integrated)));
        if (isInSlot)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(10), LinkOf2500MTransfersX1);
            BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(16), (ushort)LinkOf2500MTransfersX1);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(2), RoleBasedErrors);
        BinaryPrimitives.WriteUInt16LittleEndian(writable.AsSpan(6), ControlWritable);
        AddCapability(PciRegisters.CapabilityExpress, body, writable);
    }

    /// <summary>Whether an access is to the data of the alternative way, and to which register that leads.</summary>
    private bool TryFindAccess(uint offset, int size, out ulong register)
    {
        var capability = Space[_access..];
        register = BinaryPrimitives.ReadUInt32LittleEndian(capability[AccessOffset..]);
        return offset == (uint)(_access + AccessData)
            && capability[AccessBar] == RegisterBar
            && BinaryPrimitives.ReadUInt32LittleEndian(capability[AccessLength..]) == (uint)size
            && register % (uint)size == 0 && register + (uint)size <= BarSize;
    }
}

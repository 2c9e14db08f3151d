using System.Buffers.Binary;
using static Arm64Vm.Devices.Pci.PciRegisters;

namespace Arm64Vm.Devices.Pci;

/// <summary>A port of the root complex with a slot for one endpoint, into which and out of which it can go while the guest runs (PCI Express 5.0, 6.7).</summary>
/// <remarks>
/// <code>
/// Plug:            endpoint there ──► presence detect changed, interrupt ──► guest switches the slot's power on, finds the endpoint
/// RequestUnplug:   attention button pressed, interrupt ──► guest lets go of it (Linux after five seconds), switches power and indicator off
///                  ──► the endpoint is taken out, presence detect changed ──► Removed
/// </code>
/// A guest that does not know of the slot never lets go. Order of locks: the host's, then the port's.
/// </remarks>
internal sealed class PcieRootPort : PciFunction
{
    private const ushort Vendor = 0x1B36;
    private const ushort Device = 0x000C;
    private const uint BridgeClass = 0x06_0400;
    private const byte BridgeHeader = 1;

    // The Express capability, from its beginning (7.5.3).
    private const int LinkCapabilities = 0x0C;
    private const int LinkStatus = 0x12;
    private const int SlotCapabilities = 0x14;
    private const int SlotControl = 0x18;
    private const int SlotStatus = 0x1A;
    private const int ExpressLength = 0x3C;

    private const ushort LinkActive = 1 << 13;

    private const ushort AttentionPressed = 1 << 0;
    private const ushort PresenceChanged = 1 << 3;
    private const ushort PresenceState = 1 << 6;
    private const ushort LinkChanged = 1 << 8;
    private const ushort Events = AttentionPressed | PresenceChanged | LinkChanged;

    private const ushort InterruptEnable = 1 << 5;
    private const ushort LinkChangeEnable = 1 << 12;
    private const ushort PowerIndicatorOn = 1 << 8;
    private const ushort PowerIndicatorOff = 3 << 8;
    private const ushort PowerOff = 1 << 10;

    // The MSI capability (PCI 3.0, 6.8.1), with 64-bit addresses.
    private const int MsiControl = 2;
    private const int MsiAddress = 4;
    private const int MsiData = 12;
    private const ushort MsiEnable = 1;

    private readonly int _express;
    private readonly int _msi;
    private PciFunction? _endpoint;
    private bool _wasInterrupting;
    private bool _wasOff = true;

    /// <param name="number">The slot's, as the guest sees it.</param>
    public PcieRootPort(int number)
        : base(new Lock(), Vendor, Device, BridgeClass, revision: 0, 0, 0)
    {
        Number = number;
        Space[HeaderType] = BridgeHeader;
        Writable.Slice(SecondaryBus - 1, 3).Fill(0xFF);

        // There is no window for I/O. Bits 3:0 of the bases say how wide they are.
        foreach (var window in (ReadOnlySpan<int>)[MemoryBase, PrefetchableBase])
        {
            BinaryPrimitives.WriteUInt32LittleEndian(Writable[window..], 0xFFF0_FFF0);
            BinaryPrimitives.WriteUInt32LittleEndian(Space[window..], 0x0000_FFF0); // closed: the base is above the limit
        }

        BinaryPrimitives.WriteUInt32LittleEndian(Space[PrefetchableBase..], 0x0001_FFF1);
        Writable.Slice(PrefetchableBase + 4, 8).Fill(0xFF);
        Writable[BridgeControl] = 0x03;
        _express = AddExpress();
        _msi = AddMsi();
    }

    /// <summary>Called when the guest has let go of the endpoint, with the host's lock held.</summary>
    public Action<PciFunction>? Removed { get; set; }

    public int Number { get; }

    /// <summary>What is in the slot.</summary>
    public PciFunction? Endpoint
    {
        get
        {
            lock (Gate)
                return _endpoint;
        }
    }

    private ushort Control => Read(SlotControl);

    /// <summary>The endpoint where an address leads to it and the slot has power; else null.</summary>
    /// <param name="address">Bus, device and function.</param>
    public PciFunction? Answers(uint address)
    {
        lock (Gate)
        {
            var bus = Space[SecondaryBus];
            return bus != 0 && address == (uint)bus << 8 && (Control & PowerOff) == 0 ? _endpoint : null;
        }
    }

    /// <summary>Puts an endpoint into the slot; the host's lock is held.</summary>
    /// <exception cref="InvalidOperationException">The slot is taken.</exception>
    public void Plug(PciFunction endpoint)
    {
        lock (Gate)
        {
            if (_endpoint is not null)
                throw new InvalidOperationException($"Slot {Number} is taken.");
            _endpoint = endpoint;
            endpoint.Wire = Wire;
            endpoint.Address = (ushort)(Space[SecondaryBus] << 8);
            Write(LinkStatus, (ushort)(Read(LinkStatus) | LinkActive));
            Write(SlotStatus, (ushort)(Read(SlotStatus) | PresenceState | PresenceChanged | LinkChanged));
            UpdateInterrupt();
        }
    }

    /// <summary>As <see cref="Plug"/>, before the machine has started: the slot has power and nothing has changed.</summary>
    public void PlugAtPowerOn(PciFunction endpoint)
    {
        lock (Gate)
        {
            Plug(endpoint);
            Write(SlotStatus, PresenceState);
            Write(SlotControl, (ushort)(Control & ~(PowerOff | PowerIndicatorOff) | PowerIndicatorOn));
            _wasOff = false;
            UpdateInterrupt();
        }
    }

    /// <summary>Asks the guest to let go of what is in the slot.</summary>
    public void RequestUnplug()
    {
        lock (Gate)
        {
            if (_endpoint is null)
                return;
            Write(SlotStatus, (ushort)(Read(SlotStatus) | AttentionPressed));
            UpdateInterrupt();
        }
    }

    /// <inheritdoc/>
    public override void WriteConfiguration(uint offset, int size, uint value)
    {
        lock (Gate)
        {
            // Events are cleared by writing ones.
            for (var i = 0; i < size; i++)
            {
                var inside = (int)offset + i - _express - SlotStatus;
                if (inside is 0 or 1)
                    Space[(int)offset + i] &= (byte)~((byte)(value >> (8 * i)) & (Events >> (8 * inside)));
            }
        }

        base.WriteConfiguration(offset, size, value);
    }

    private protected override void ConfigurationWritten()
    {
        // What has just been plugged in has no power yet: only switching it off takes it out.
        var isOff = (Control & (PowerOff | PowerIndicatorOff)) == (PowerOff | PowerIndicatorOff);
        var wasOff = _wasOff;
        _wasOff = isOff;
        if (_endpoint is { } endpoint)
        {
            endpoint.Address = (ushort)(Space[SecondaryBus] << 8);
            if (isOff && !wasOff)
                TakeOut(endpoint);
        }

        UpdateInterrupt();
    }

    private void TakeOut(PciFunction endpoint)
    {
        _endpoint = null;
        Write(LinkStatus, (ushort)(Read(LinkStatus) & ~LinkActive));
        Write(SlotStatus, (ushort)((Read(SlotStatus) & ~PresenceState) | PresenceChanged | LinkChanged));
        Host?.Unplugged(endpoint);
        Removed?.Invoke(endpoint);
    }

    /// <summary>An interrupt as long as an event is there that is wanted; as a message, when that begins (6.7.3.4).</summary>
    private void UpdateInterrupt()
    {
        var (control, status) = (Control, Read(SlotStatus));
        var wanted = (status & control & (AttentionPressed | PresenceChanged)) != 0 || ((status & LinkChanged) != 0 && (control & LinkChangeEnable) != 0);
        var interrupts = wanted && (control & InterruptEnable) != 0;
        var begins = interrupts && !_wasInterrupting;
        _wasInterrupting = interrupts;
        var usesMessages = (BinaryPrimitives.ReadUInt16LittleEndian(Space[(_msi + MsiControl)..]) & MsiEnable) != 0;
        DriveInterrupt(interrupts && !usesMessages);
        if (begins && usesMessages && (CommandBits & CommandBusMaster) != 0)
            Host?.SendMessage(this, BinaryPrimitives.ReadUInt64LittleEndian(Space[(_msi + MsiAddress)..]), BinaryPrimitives.ReadUInt16LittleEndian(Space[(_msi + MsiData)..]));
    }

    private int AddExpress()
    {
        const ushort RootPortWithSlot = 2 | (4 << 4) | (1 << 8);
        const uint RoleBasedErrors = 1 << 15;
        const uint LinkX1 = 1 | (1 << 4);
        const uint ReportsLinkActive = 1 << 20;

        // Button, power controller, both indicators, hot-plug, commands complete at once.
        const uint Slot = 1 | (1 << 1) | (1 << 3) | (1 << 4) | (1 << 6) | (1 << 18);
        const int SlotNumber = 19;
        const ushort ControlWritable = 0x17FF;
        Span<byte> body = stackalloc byte[ExpressLength - 2];
        Span<byte> writable = stackalloc byte[ExpressLength - 2];
        body.Clear();
        writable.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(body, RootPortWithSlot);
        BinaryPrimitives.WriteUInt32LittleEndian(body[2..], RoleBasedErrors);
        BinaryPrimitives.WriteUInt16LittleEndian(writable[6..], 0x7FFF);
        BinaryPrimitives.WriteUInt32LittleEndian(body[(LinkCapabilities - 2)..], LinkX1 | ReportsLinkActive | ((uint)Number << 24));
        BinaryPrimitives.WriteUInt16LittleEndian(body[(LinkStatus - 2)..], (ushort)LinkX1);
        BinaryPrimitives.WriteUInt32LittleEndian(body[(SlotCapabilities - 2)..], Slot | ((uint)Number << SlotNumber));
        BinaryPrimitives.WriteUInt16LittleEndian(body[(SlotControl - 2)..], PowerOff | PowerIndicatorOff | (3 << 6));
        BinaryPrimitives.WriteUInt16LittleEndian(writable[(SlotControl - 2)..], ControlWritable);
        return AddCapability(CapabilityExpress, body, writable);
    }

    private int AddMsi()
    {
        const ushort Has64BitAddresses = 1 << 7;
        Span<byte> body = stackalloc byte[12];
        Span<byte> writable = stackalloc byte[12];
        body.Clear();
        writable.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(body, Has64BitAddresses);
        BinaryPrimitives.WriteUInt16LittleEndian(writable, MsiEnable);
        BinaryPrimitives.WriteUInt64LittleEndian(writable[2..], ~3UL);
        BinaryPrimitives.WriteUInt16LittleEndian(writable[10..], ushort.MaxValue);
        return AddCapability(CapabilityMsi, body, writable);
    }

    private ushort Read(int register) => BinaryPrimitives.ReadUInt16LittleEndian(Space[(_express + register)..]);

    private void Write(int register, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Space[(_express + register)..], value);
}

using System.Buffers.Binary;
using Arm64Vm.Cpu;
using static Arm64Vm.Devices.Pci.PciRegisters;

namespace Arm64Vm.Devices.Pci;

/// <summary>What a function's host does for it.</summary>
internal interface IPciHost
{
    /// <summary>Base addresses or their enables have changed. Called with the host's lock held.</summary>
    void BarsChanged();

    /// <summary>Drives the function's interrupt pin A. Safe from any thread.</summary>
    void SetInterrupt(PciFunction function, bool asserted);

    /// <summary>A function was taken out of a slot: nothing leads to it any more. Called with the host's lock held.</summary>
    void Unplugged(PciFunction function);

    /// <summary>Writes a message. Safe from any thread.</summary>
    void SendMessage(PciFunction function, ulong address, uint data);
}

/// <summary>An endpoint's configuration space: header type 0, base addresses, capabilities (PCI 3.0, 6.1).</summary>
/// <remarks>Registers are bytes with masks of what can be written. Accesses come under the host's lock, and take <see cref="Gate"/>.</remarks>
internal abstract class PciFunction : IPciFunction
{
    private const int SpaceSize = 256;

    /// <summary>An Express function has 4 KiB; without extended capabilities they read 0.</summary>
    private const uint ExtendedSize = 4096;

    private readonly byte[] _space = new byte[SpaceSize];
    private readonly byte[] _writable = new byte[SpaceSize];
    private readonly List<PciBar> _bars = [];
    private int _capabilityEnd = FirstCapability;
    private int _lastCapability = CapabilitiesPointer;

    private protected PciFunction(Lock gate, ushort vendor, ushort device, uint classCode, byte revision, ushort subsystemVendor, ushort subsystem)
    {
        Gate = gate;
        SetWord(VendorId, vendor);
        SetWord(DeviceId, device);
        BinaryPrimitives.WriteUInt32LittleEndian(_space.AsSpan(Revision), (classCode << 8) | revision);
        SetWord(SubsystemVendorId, subsystemVendor);
        SetWord(SubsystemId, subsystem);
        SetWord(Status, StatusCapabilities);
        BinaryPrimitives.WriteUInt16LittleEndian(_writable.AsSpan(Command), CommandWritable);
        _space[InterruptPin] = 1;
        _writable[CacheLineSize] = 0xFF;
        _writable[InterruptLine] = 0xFF;
    }

    internal IPciHost? Host { get; set; }

    /// <summary>Bus, device and function, once it is plugged in.</summary>
    internal ushort Address { get; set; }

    /// <summary>The host's wire that pin A leads to.</summary>
    internal int Wire { get; set; }

    /// <summary>Guards the function's registers.</summary>
    private protected Lock Gate { get; }

    private protected ushort CommandBits => BinaryPrimitives.ReadUInt16LittleEndian(_space.AsSpan(Command));

    private protected Span<byte> Space => _space;

    /// <summary>Masks of what can be written.</summary>
    private protected Span<byte> Writable => _writable;

    /// <inheritdoc/>
    public virtual uint ReadConfiguration(uint offset, int size)
    {
        lock (Gate)
        {
            uint value = 0;
            for (var i = 0; i < size && offset + (uint)i < SpaceSize; i++)
                value |= (uint)_space[offset + (uint)i] << (8 * i);
            return value;
        }
    }

    /// <inheritdoc/>
    public virtual void WriteConfiguration(uint offset, int size, uint value)
    {
        lock (Gate)
        {
            for (var i = 0; i < size && offset + (uint)i < SpaceSize; i++)
            {
                var at = (int)offset + i;
                _space[at] = (byte)((_space[at] & ~_writable[at]) | ((byte)(value >> (8 * i)) & _writable[at]));
            }

            if (offset < ExtendedSize)
                ConfigurationWritten();
        }

        if (offset is >= Command and < SubsystemVendorId)
            Host?.BarsChanged();
    }

    /// <summary>Base addresses that decode now.</summary>
    internal IEnumerable<MappedBar> MappedBars()
    {
        lock (Gate)
        {
            if ((CommandBits & CommandMemory) == 0)
                return [];
            return [.. _bars.Select(bar => new MappedBar(BaseOf(bar), bar.Size, bar.Registers))];
        }
    }

    /// <summary>Something of the configuration has changed. Called under <see cref="Gate"/>.</summary>
    private protected abstract void ConfigurationWritten();

    /// <summary>Adds a base address register.</summary>
    private protected void AddBar(PciBar bar)
    {
        _bars.Add(bar);
        var at = FirstBar + 4 * bar.Index;
        _space[at] = (byte)(bar.Is64 ? BarIs64 | BarIsPrefetchable : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(_writable.AsSpan(at), (uint)~(bar.Size - 1));
        if (bar.Is64)
            BinaryPrimitives.WriteUInt32LittleEndian(_writable.AsSpan(at + 4), (uint)(~(bar.Size - 1) >> 32));
    }

    /// <summary>Adds a capability to the list.</summary>
    /// <param name="id">Its identifier.</param>
    /// <param name="body">What follows identifier and link.</param>
    /// <param name="writable">Masks of what can be written in the body; empty: nothing.</param>
    /// <returns>Its offset.</returns>
    private protected int AddCapability(byte id, ReadOnlySpan<byte> body, ReadOnlySpan<byte> writable = default)
    {
        var at = _capabilityEnd;
        _space[_lastCapability] = (byte)at;
        _space[at] = id;
        body.CopyTo(_space.AsSpan(at + 2));
        writable.CopyTo(_writable.AsSpan(at + 2));
        _lastCapability = at + 1;
        _capabilityEnd = (at + 2 + body.Length + 3) & ~3;
        return at;
    }

    /// <summary>Interrupt pin A, unless the driver has disabled it; the status register shows it in any case.</summary>
    private protected void DriveInterrupt(bool asserted)
    {
        var status = BinaryPrimitives.ReadUInt16LittleEndian(_space.AsSpan(Status));
        SetWord(Status, (ushort)(asserted ? status | StatusInterrupt : status & ~StatusInterrupt));
        Host?.SetInterrupt(this, asserted && (CommandBits & CommandInterruptDisable) == 0);
    }

    private protected byte[] SaveConfiguration() => [.. _space];

    /// <summary>Takes what can be written from a saved space.</summary>
    private protected void RestoreConfiguration(ReadOnlySpan<byte> saved)
    {
        for (var i = 0; i < Math.Min(saved.Length, SpaceSize); i++)
            _space[i] = (byte)((_space[i] & ~_writable[i]) | (saved[i] & _writable[i]));
    }

    private ulong BaseOf(PciBar bar)
    {
        var at = FirstBar + 4 * bar.Index;
        ulong address = BinaryPrimitives.ReadUInt32LittleEndian(_space.AsSpan(at));
        if (bar.Is64)
            address |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(_space.AsSpan(at + 4)) << 32;
        return address & ~(bar.Size - 1);
    }

    private void SetWord(int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(_space.AsSpan(offset), value);
}

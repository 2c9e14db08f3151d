namespace Arm64Vm.Devices.Pci;

/// <summary>Offsets and bits of configuration space (PCI 3.0, chapter 6; PCI Express 5.0, chapter 7).</summary>
internal static class PciRegisters
{
    public const int VendorId = 0x00;
    public const int DeviceId = 0x02;
    public const int Command = 0x04;
    public const int Status = 0x06;
    public const int Revision = 0x08;
    public const int CacheLineSize = 0x0C;
    public const int FirstBar = 0x10;
    public const int SubsystemVendorId = 0x2C;
    public const int SubsystemId = 0x2E;
    public const int CapabilitiesPointer = 0x34;
    public const int InterruptLine = 0x3C;
    public const int InterruptPin = 0x3D;
    public const int FirstCapability = 0x40;

    public const ushort CommandMemory = 1 << 1;
    public const ushort CommandBusMaster = 1 << 2;
    public const ushort CommandInterruptDisable = 1 << 10;

    /// <summary>I/O, memory, bus master, parity, SERR, interrupt disable.</summary>
    public const ushort CommandWritable = 0x0547;

    public const ushort StatusInterrupt = 1 << 3;
    public const ushort StatusCapabilities = 1 << 4;

    public const int HeaderType = 0x0E;
    public const int SecondaryBus = 0x19;
    public const int MemoryBase = 0x20;
    public const int PrefetchableBase = 0x24;
    public const int BridgeControl = 0x3E;
    public const byte CapabilityMsi = 0x05;
    public const byte CapabilityVendor = 0x09;
    public const byte CapabilityExpress = 0x10;
    public const byte CapabilityMsiX = 0x11;

    public const uint BarIs64 = 4;
    public const uint BarIsPrefetchable = 8;
}

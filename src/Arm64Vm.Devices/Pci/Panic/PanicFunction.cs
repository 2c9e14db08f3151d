using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Pci.Panic;

/// <summary>pvpanic on PCI: a register in which a kernel says that it has panicked (QEMU's docs/specs/pvpanic).</summary>
/// <remarks>Bit 0: it has panicked, and that is the end. Bit 1: it has, and a kernel of its own takes over to write a dump. Reading says which of the two are understood.</remarks>
internal sealed class PanicFunction : PciFunction
{
    private const ushort Vendor = 0x1B36;
    private const ushort Device = 0x0011;
    private const ushort SubsystemVendor = 0x1AF4;
    private const ushort Subsystem = 0x1100;
    private const uint OtherSystemPeripheral = 0x08_8000;
    private const ulong RegisterSize = 16;
    private const byte Panicked = 1;
    private const byte CrashLoaded = 2;

    private readonly Action _panicked;

    /// <param name="panicked">Called on the processor that says so.</param>
    public PanicFunction(Action panicked)
        : base(new Lock(), Vendor, Device, OtherSystemPeripheral, revision: 1, SubsystemVendor, Subsystem)
    {
        _panicked = panicked;
        Space[PciRegisters.InterruptPin] = 0;
        Space[PciRegisters.Status] = 0; // no capabilities
        AddBar(new PciBar(0, RegisterSize, Is64: false, new Register(this)));
    }

    private protected override void ConfigurationWritten()
    {
    }

    private sealed class Register(PanicFunction function) : IMmioDevice
    {
        public bool TryRead(ulong offset, int size, out ulong value)
        {
            value = offset == 0 ? (ulong)(Panicked | CrashLoaded) : 0;
            return true;
        }

        public bool TryWrite(ulong offset, int size, ulong value)
        {
            if (offset == 0 && (value & Panicked) != 0)
                function._panicked();
            return true;
        }
    }
}

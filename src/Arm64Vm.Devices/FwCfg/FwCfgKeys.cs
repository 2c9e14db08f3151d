namespace Arm64Vm.Devices.FwCfg;

/// <summary>Selector keys with a fixed meaning (fw_cfg specification, docs/specs/fw_cfg of QEMU).</summary>
internal static class FwCfgKeys
{
    public const ushort Signature = 0x00;
    public const ushort Id = 0x01;
    public const ushort Uuid = 0x02;
    public const ushort RamSize = 0x03;
    public const ushort NoGraphic = 0x04;
    public const ushort CpuCount = 0x05;
    public const ushort MachineId = 0x06;
    public const ushort KernelAddress = 0x07;
    public const ushort KernelSize = 0x08;
    public const ushort KernelCommandLine = 0x09;
    public const ushort InitrdAddress = 0x0A;
    public const ushort InitrdSize = 0x0B;
    public const ushort BootDevice = 0x0C;
    public const ushort Numa = 0x0D;
    public const ushort BootMenu = 0x0E;
    public const ushort MaximumCpus = 0x0F;
    public const ushort KernelEntry = 0x10;
    public const ushort KernelData = 0x11;
    public const ushort InitrdData = 0x12;
    public const ushort CommandLineAddress = 0x13;
    public const ushort CommandLineSize = 0x14;
    public const ushort CommandLineData = 0x15;
    public const ushort SetupAddress = 0x16;
    public const ushort SetupSize = 0x17;
    public const ushort SetupData = 0x18;
    public const ushort FileDirectory = 0x19;

    /// <summary>The first key of named files.</summary>
    public const ushort FirstFile = 0x20;
}

namespace Arm64Vm.Machine.Smbios;

/// <summary>The structures about the machine itself, its firmware and its case (DSP0134 3.0, chapter 7).</summary>
internal static class SmbiosTables
{
    private const string Manufacturer = "Arm64Vm";
    private const string Product = "virt";

    // Handles follow the types: 0x100 times the type, plus a number.
    private const int FirmwareHandle = 0x0000;
    private const int SystemHandle = 0x0100;
    private const int ChassisHandle = 0x0300;
    private const int BootHandle = 0x2000;
    private const int EndHandle = 0x7F00;

    private const int Other = 1;
    private const int Unknown = 2;
    private const int Safe = 3;

    public static SmbiosWriter Make(SmbiosMachine machine)
    {
        var tables = new SmbiosWriter();
        AddFirmware(tables, machine);
        AddSystem(tables, machine);
        AddChassis(tables, machine);
        SmbiosProcessor.Add(tables, machine, Manufacturer);
        SmbiosMemory.Add(tables, machine.MemoryBytes, Manufacturer);
        tables.Add(32, BootHandle, f => f.Zeros(6).Byte(0)); // no errors
        tables.Add(127, EndHandle, _ => { });
        return tables;
    }

    /// <summary>Type 0. Its extension byte is how Linux distributions see that this is a virtual machine.</summary>
    private static void AddFirmware(SmbiosWriter tables, SmbiosMachine machine) => tables.Add(0, FirmwareHandle, f =>
    {
        const ulong CharacteristicsNotSupported = 1 << 3;
        const int TargetedContentDistribution = 1 << 2;
        const int UefiSupported = 1 << 3;
        const int VirtualMachine = 1 << 4;
        const int NoVersion = 0xFF;
        f.Byte(tables.String(Manufacturer)).Byte(tables.String(machine.Version)).Word(0).Byte(tables.String("01/01/2026"))
            .Byte(0)
            .QWord(CharacteristicsNotSupported)
            .Byte(0).Byte(TargetedContentDistribution | UefiSupported | VirtualMachine)
            .Byte(0).Byte(0).Byte(NoVersion).Byte(NoVersion);
    });

    /// <summary>Type 1.</summary>
    private static void AddSystem(SmbiosWriter tables, SmbiosMachine machine) => tables.Add(1, SystemHandle, f =>
    {
        const int PowerSwitch = 6;
        f.Byte(tables.String(Manufacturer)).Byte(tables.String(Product)).Byte(tables.String(machine.Version)).Byte(0)
            .Bytes(machine.Uuid.ToByteArray())
            .Byte(PowerSwitch)
            .Byte(0)
            .Byte(tables.String("Virtual Machine"));
    });

    /// <summary>Type 3.</summary>
    private static void AddChassis(SmbiosWriter tables, SmbiosMachine machine) => tables.Add(3, ChassisHandle, f =>
        f.Byte(tables.String(Manufacturer)).Byte(Other).Byte(tables.String(machine.Version)).Byte(0).Byte(0)
            .Byte(Safe).Byte(Safe).Byte(Safe) // boot-up, power supply, thermal
            .Byte(Unknown) // security
            .DWord(0)
            .Byte(0).Byte(0) // height, power cords
            .Byte(0).Byte(0) // contained elements
            .Byte(0));
}

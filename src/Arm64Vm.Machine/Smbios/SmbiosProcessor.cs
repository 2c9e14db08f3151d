namespace Arm64Vm.Machine.Smbios;

/// <summary>Type 4, the processor (DSP0134 3.0, 7.5): one socket with all cores.</summary>
internal static class SmbiosProcessor
{
    private const int Handle = 0x0400;

    private const int CentralProcessor = 3;
    private const int SeeFamily2 = 0xFE;
    private const int ArmV8 = 0x101;
    private const int PopulatedAndEnabled = 0x41;
    private const int OtherUpgrade = 1;
    private const int NoHandle = 0xFFFF;
    private const int Capable64Bit = 1 << 2;
    private const int MultiCore = 1 << 3;

    /// <summary>What a one-byte count says when the 16-bit one behind it holds.</summary>
    private const int SeeCount2 = 0xFF;

    public static void Add(SmbiosWriter tables, SmbiosMachine machine, string manufacturer) => tables.Add(4, Handle, f =>
    {
        var cores = machine.CpuCount;
        var shortCount = Math.Min(cores, SeeCount2);
        f.Byte(tables.String("CPU 0")).Byte(CentralProcessor).Byte(SeeFamily2).Byte(tables.String(manufacturer))
            .DWord(machine.Midr).DWord(0)
            .Byte(tables.String(machine.CpuName))
            .Byte(0) // voltage
            .Word(0).Word(0).Word(0) // clock and speeds: unknown
            .Byte(PopulatedAndEnabled).Byte(OtherUpgrade)
            .Word(NoHandle).Word(NoHandle).Word(NoHandle) // caches
            .Byte(0).Byte(0).Byte(0) // serial number, asset, part
            .Byte(shortCount).Byte(shortCount).Byte(shortCount)
            .Word(Capable64Bit | (cores > 1 ? MultiCore : 0))
            .Word(ArmV8)
            .Word(cores).Word(cores).Word(cores);
    });
}

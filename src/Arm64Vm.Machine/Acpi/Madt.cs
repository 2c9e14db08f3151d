using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Acpi;

/// <summary>Multiple APIC description table (ACPI 6.5, 5.2.12): the interrupt controller and the processors behind it.</summary>
internal static class Madt
{
    private const int Revision = 4;

    // Structure types, and lengths of the revisions written here.
    private const int CpuInterface = 0x0B;
    private const int CpuInterfaceLength = 80;
    private const int Distributor = 0x0C;
    private const int DistributorLength = 24;
    private const int MsiFrame = 0x0D;
    private const int MsiFrameLength = 24;
    private const int Redistributor = 0x0E;
    private const int RedistributorLength = 16;
    private const int TranslationService = 0x0F;
    private const int TranslationServiceLength = 20;

    private const uint Enabled = 1;
    private const uint SpiCountAndBaseValid = 1;

    public static byte[] Make(VirtBoard board)
    {
        var body = new LittleEndianWriter().DWord(0).DWord(0); // no local APIC address, no 8259
        body.Byte(Distributor).Byte(DistributorLength).Word(0).DWord(0)
            .QWord(MemoryMap.GicDistributor.Base).DWord(0).Byte((int)board.Gic).Zeros(3);
        for (var cpu = 0; cpu < board.CpuCount; cpu++)
            AddCpuInterface(body, board, cpu);
        if (board.Gic == GicVersion.V3)
            AddRedistributors(body, board);
        if (board.HasIts)
            body.Byte(TranslationService).Byte(TranslationServiceLength).Word(0).DWord(0).QWord(MemoryMap.GicIts.Base).DWord(0);
        else if (board.HasV2m)
            AddMsiFrame(body);
        return AcpiTable.Make("APIC", Revision, body);
    }

    /// <summary>Registers of a GICv2's CPU interface are in memory; those of a GICv3 are system registers.</summary>
    private static void AddCpuInterface(LittleEndianWriter body, VirtBoard board, int cpu)
    {
        var v2 = board.Gic == GicVersion.V2;
        body.Byte(CpuInterface).Byte(CpuInterfaceLength).Word(0)
            .DWord((uint)cpu) // interface number
            .DWord((uint)cpu) // processor UID, as in the DSDT
            .DWord(Enabled)
            .DWord(0) // parking protocol: PSCI starts processors
            .DWord(board.HasPmu ? BoardInterrupts.FirstPpi + BoardInterrupts.PmuPpi : 0u)
            .QWord(0)
            .QWord(v2 ? MemoryMap.GicCpuInterface.Base : 0)
            .QWord(v2 && board.HasEl2 ? MemoryMap.GicVirtualCpu.Base : 0)
            .QWord(v2 && board.HasEl2 ? MemoryMap.GicHypervisor.Base : 0)
            .DWord(board.HasEl2 ? BoardInterrupts.FirstPpi + BoardInterrupts.GicMaintenancePpi : 0u)
            .QWord(0) // redistributor: in a structure of its own
            .QWord(board.Affinity(cpu))
            .Byte(0) // efficiency class
            .Byte(0)
            .Word(0); // no statistical profiling
    }

    private static void AddRedistributors(LittleEndianWriter body, VirtBoard board)
    {
        Add(MemoryMap.GicRedistributors);
        if (board.CpuCount > MemoryMap.LowRedistributorCount)
            Add(HighWindows.For(board.RamSize).Redistributors2);

        void Add(Region region) =>
            body.Byte(Redistributor).Byte(RedistributorLength).Word(0).QWord(region.Base).DWord(region.Size);
    }

    private static void AddMsiFrame(LittleEndianWriter body) =>
        body.Byte(MsiFrame).Byte(MsiFrameLength).Word(0).DWord(0).QWord(MemoryMap.GicV2m.Base).DWord(SpiCountAndBaseValid)
            .Word(BoardInterrupts.V2mSpiCount).Word(BoardInterrupts.FirstSpi + BoardInterrupts.V2mFirstSpi);
}

using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Acpi;

/// <summary>Generic timer description table (ACPI 6.5, 5.2.25): interrupts of the system timers, all level-sensitive and active high.</summary>
internal static class Gtdt
{
    private const int Revision = 3;
    private const ulong NoMemoryMappedFrame = ulong.MaxValue;

    /// <summary>The timers run whatever power state the processor is in.</summary>
    private const uint AlwaysOn = 1 << 2;

    public static byte[] Make(VirtBoard board)
    {
        var body = new LittleEndianWriter().QWord(NoMemoryMappedFrame).DWord(0);
        AddTimer(BoardInterrupts.SecureTimerPpi);
        AddTimer(BoardInterrupts.PhysicalTimerPpi);
        AddTimer(BoardInterrupts.VirtualTimerPpi);
        AddTimer(BoardInterrupts.PhysicalEl2TimerPpi);
        body.QWord(NoMemoryMappedFrame).DWord(0).DWord(0); // no platform timers
        if (board.HasEl2)
            AddTimer(BoardInterrupts.VirtualEl2TimerPpi);
        else
            body.DWord(0).DWord(0);
        return AcpiTable.Make("GTDT", Revision, body);

        void AddTimer(int ppi) => body.DWord((uint)(BoardInterrupts.FirstPpi + ppi)).DWord(AlwaysOn);
    }
}

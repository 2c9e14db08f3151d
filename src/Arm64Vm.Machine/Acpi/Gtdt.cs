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

    /// <summary>Bytes before the structures of platform timers.</summary>
    private const uint LengthWithoutTimers = 104;

    /// <summary>Arm generic watchdog structure (5.2.25.3).</summary>
    private const int WatchdogType = 1;
    private const int WatchdogLength = 28;

    public static byte[] Make(VirtBoard board)
    {
        var body = new LittleEndianWriter().QWord(NoMemoryMappedFrame).DWord(0);
        AddTimer(BoardInterrupts.SecureTimerPpi);
        AddTimer(BoardInterrupts.PhysicalTimerPpi);
        AddTimer(BoardInterrupts.VirtualTimerPpi);
        AddTimer(BoardInterrupts.PhysicalEl2TimerPpi);
        body.QWord(NoMemoryMappedFrame).DWord(board.HasWatchdog ? 1u : 0).DWord(board.HasWatchdog ? LengthWithoutTimers : 0);
        if (board.HasEl2)
            AddTimer(BoardInterrupts.VirtualEl2TimerPpi);
        else
            body.DWord(0).DWord(0);
        if (board.HasWatchdog)
            AddWatchdog(body);
        return AcpiTable.Make("GTDT", Revision, body);

        void AddTimer(int ppi) => body.DWord((uint)(BoardInterrupts.FirstPpi + ppi)).DWord(AlwaysOn);
    }

    /// <summary>Its interrupt is level-sensitive and active high: no flags.</summary>
    private static void AddWatchdog(LittleEndianWriter body) => body
        .Byte(WatchdogType).Word(WatchdogLength).Byte(0)
        .QWord(MemoryMap.WatchdogRefresh.Base).QWord(MemoryMap.WatchdogControl.Base)
        .DWord(BoardInterrupts.FirstSpi + BoardInterrupts.WatchdogSpi).DWord(0);
}

namespace Arm64Vm.Machine.Memory;

/// <summary>How the board wires its devices: shared peripheral interrupts (INTID less 32) and private ones (INTID less 16).</summary>
internal static class BoardInterrupts
{
    /// <summary>INTID of SPI 0.</summary>
    public const int FirstSpi = 32;

    /// <summary>INTID of PPI 0.</summary>
    public const int FirstPpi = 16;

    /// <summary>SPIs the interrupt controller has.</summary>
    public const int SpiCount = 256;

    public const int Uart0Spi = 1;
    public const int RtcSpi = 2;
    public const int PcieFirstSpi = 3;
    public const int GpioSpi = 7;
    public const int Uart1Spi = 8;
    public const int GenericEventSpi = 9;
    public const int WatchdogSpi = 10;
    public const int VirtioFirstSpi = 16;
    public const int V2mFirstSpi = 48;
    public const int V2mSpiCount = 64;

    public const int PmuPpi = 7;
    public const int GicMaintenancePpi = 9;
    public const int PhysicalEl2TimerPpi = 10;
    public const int VirtualTimerPpi = 11;
    public const int VirtualEl2TimerPpi = 12;
    public const int SecureTimerPpi = 13;
    public const int PhysicalTimerPpi = 14;
}

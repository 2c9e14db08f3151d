namespace Arm64Vm.Devices.Uart;

/// <summary>Register map of the PrimeCell UART (PL011 TRM, ARM DDI 0183, table 3-1).</summary>
internal static class Pl011Registers
{
    public const uint Data = 0x000;
    public const uint ReceiveStatus = 0x004;
    public const uint Flags = 0x018;
    public const uint LowPower = 0x020;
    public const uint IntegerBaud = 0x024;
    public const uint FractionalBaud = 0x028;
    public const uint LineControl = 0x02C;
    public const uint Control = 0x030;
    public const uint FifoLevels = 0x034;
    public const uint Mask = 0x038;
    public const uint RawStatus = 0x03C;
    public const uint MaskedStatus = 0x040;
    public const uint Clear = 0x044;
    public const uint DmaControl = 0x048;

    // UARTFR
    public const uint FlagClearToSend = 1 << 0;
    public const uint FlagDataSetReady = 1 << 1;
    public const uint FlagCarrierDetect = 1 << 2;
    public const uint FlagReceiveEmpty = 1 << 4;
    public const uint FlagReceiveFull = 1 << 6;
    public const uint FlagTransmitEmpty = 1 << 7;
    public const uint FlagRing = 1 << 8;

    // UARTLCR_H
    public const uint LineBreak = 1 << 0;
    public const uint LineFifoEnable = 1 << 4;

    // UARTCR
    public const uint ControlLoopback = 1 << 7;
    public const uint ControlTransmitEnable = 1 << 8;
    public const uint ControlReceiveEnable = 1 << 9;
    public const uint ControlDataTerminalReady = 1 << 10;
    public const uint ControlRequestToSend = 1 << 11;
    public const uint ControlOut1 = 1 << 12;
    public const uint ControlOut2 = 1 << 13;

    // Error bits of a character in UARTDR; shifted down by 8 they are UARTRSR.
    public const uint DataBreak = 1 << 10;
    public const uint DataOverrun = 1 << 11;

    // UARTRIS, UARTIMSC, UARTMIS, UARTICR
    public const uint InterruptRing = 1 << 0;
    public const uint InterruptClearToSend = 1 << 1;
    public const uint InterruptCarrierDetect = 1 << 2;
    public const uint InterruptDataSetReady = 1 << 3;
    public const uint InterruptReceive = 1 << 4;
    public const uint InterruptTransmit = 1 << 5;
    public const uint InterruptReceiveTimeout = 1 << 6;
    public const uint InterruptBreak = 1 << 9;
    public const uint InterruptOverrun = 1 << 10;
    public const uint InterruptAll = 0x7FF;

    /// <summary>Part 0x011 by ARM, revision 1: the one with 16-deep FIFOs.</summary>
    public const uint PeripheralId = 0x0014_1011;
}

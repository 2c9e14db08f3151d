using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Acpi.Aml;

/// <summary>Resource descriptors (ACPI 6.5, 6.4), and the templates that hold them.</summary>
internal static class AmlResources
{
    private const int EndTag = 0x79;
    private const int Memory32Tag = 0x86;
    private const int DWordTag = 0x87;
    private const int WordTag = 0x88;
    private const int InterruptTag = 0x89;
    private const int QWordTag = 0x8A;

    private const int Memory = 0;
    private const int Io = 1;
    private const int BusNumbers = 2;

    private const int Writable = 1;
    private const int EntireIoRange = 3;
    private const int Consumer = 1 << 0;
    private const int Edge = 1 << 1;

    /// <summary>Passed on to devices behind, both ends fixed.</summary>
    private const int ProducedWindow = 3 << 2;

    /// <summary>What _CRS holds. The checksum 0 in the end tag means that there is none.</summary>
    public static byte[] Template(params ReadOnlySpan<byte[]> descriptors) =>
        AmlData.Buffer(AmlData.Join(AmlData.Join(descriptors), [EndTag, 0]));

    /// <summary>Registers below 4 GiB.</summary>
    public static byte[] Registers(Region region) => new LittleEndianWriter()
        .Byte(Memory32Tag).Word(9).Byte(Writable).DWord(region.Base).DWord(region.Size).ToArray();

    /// <summary>A shared peripheral interrupt, level-sensitive and active high.</summary>
    public static byte[] LevelInterrupt(int spi) => Interrupt(spi, Consumer);

    /// <summary>A shared peripheral interrupt on rising edges.</summary>
    public static byte[] EdgeInterrupt(int spi) => Interrupt(spi, Consumer | Edge);

    /// <summary>Buses 0 to <paramref name="last"/> of a host bridge.</summary>
    public static byte[] Buses(int last) => new LittleEndianWriter()
        .Byte(WordTag).Word(13).Byte(BusNumbers).Byte(ProducedWindow).Byte(0)
        .Word(0).Word(0).Word(last).Word(0).Word(last + 1).ToArray();

    /// <summary>Memory of a host bridge below 4 GiB, the same address on both sides.</summary>
    public static byte[] MemoryWindow32(Region window) => new LittleEndianWriter()
        .Byte(DWordTag).Word(23).Byte(Memory).Byte(ProducedWindow).Byte(Writable)
        .DWord(0).DWord(window.Base).DWord(window.End - 1).DWord(0).DWord(window.Size).ToArray();

    /// <summary>I/O ports from 0 of a host bridge, which the processor reaches in memory.</summary>
    public static byte[] IoWindow(Region window) => new LittleEndianWriter()
        .Byte(DWordTag).Word(23).Byte(Io).Byte(ProducedWindow).Byte(EntireIoRange)
        .DWord(0).DWord(0).DWord(window.Size - 1).DWord(window.Base).DWord(window.Size).ToArray();

    /// <summary>Memory anywhere, the same address on both sides.</summary>
    public static byte[] MemoryWindow64(Region window) => new LittleEndianWriter()
        .Byte(QWordTag).Word(43).Byte(Memory).Byte(ProducedWindow).Byte(Writable)
        .QWord(0).QWord(window.Base).QWord(window.End - 1).QWord(0).QWord(window.Size).ToArray();

    private static byte[] Interrupt(int spi, int flags) => new LittleEndianWriter()
        .Byte(InterruptTag).Word(6).Byte(flags).Byte(1).DWord((uint)(BoardInterrupts.FirstSpi + spi)).ToArray();
}

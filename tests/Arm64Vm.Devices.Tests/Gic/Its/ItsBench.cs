using Arm64Vm.Devices.Gic;
using Arm64Vm.Devices.Gic.Its;

namespace Arm64Vm.Devices.Tests.Gic.Its;

/// <summary>A GICv3 of two processors with an ITS, its tables in memory, and the driver's side of both.</summary>
internal sealed class ItsBench
{
    public const ulong Address = 0x0808_0000;
    public const ulong Doorbell = Address + 0x1_0040;
    private const ulong Commands = TestMemory.Base + 0x1_0000;
    private const ulong Devices = TestMemory.Base + 0x2_0000;
    private const ulong Collections = TestMemory.Base + 0x3_0000;
    private const ulong Events = TestMemory.Base + 0x4_0000;
    private const ulong Properties = TestMemory.Base + 0x5_0000;
    private const ulong PendingTables = TestMemory.Base + 0x8_0000;
    private uint _written;

    public ItsBench()
    {
        (Gic, Lpis, Its) = Make();
        Its.Write(0x80, Commands | (1ul << 63), 8);
        Its.Write(0x100, Devices | (1ul << 63), 8);
        Its.Write(0x108, Collections | (1ul << 63), 8);
        Its.Write(0, 1);
        for (var processor = 0; processor < 2; processor++)
        {
            var frame = (ulong)processor * 0x2_0000;
            Gic.Redistributors.Write(frame + 0x70, Properties | 15, 8);
            Gic.Redistributors.Write(frame + 0x78, PendingTables + (ulong)processor * 0x1_0000, 8);
            Gic.Redistributors.Write(frame, 1);
            Gic.TryWriteRegister(processor, 1, GicRegisters.Igrpen1, 1);
            Gic.TryWriteRegister(processor, 1, GicRegisters.Pmr, 0xF0);
        }

        Gic.Distributor.Write(0, 2);
    }

    public TestMemory Memory { get; } = new();

    public TestLine[] Irq { get; } = [new(), new()];

    public GicV3 Gic { get; private set; }

    public LpiRedistributors Lpis { get; private set; }

    public InterruptTranslationService Its { get; private set; }

    /// <summary>Writes an LPI's configuration; 1 enables it.</summary>
    public void Configure(int id, byte value) => Memory.At(Properties + (ulong)(id - 8192), 1)[0] = value;

    public void Command(ulong first, ulong second = 0, ulong third = 0, ulong fourth = 0)
    {
        foreach (var (word, i) in new[] { first, second, third, fourth }.Select((word, i) => (word, i)))
            Memory.Write64(Commands + _written + 8 * (ulong)i, word);
        _written = (_written + 32) % 4096;
        Its.Write(0x88, _written, 8);
        Assert.Equal(_written, Its.Read(0x90));
    }

    public void MapDevice(uint device, int eventBits = 5) => Command(0x08 | ((ulong)device << 32), (ulong)(eventBits - 1), Events | (1ul << 63));

    public void MapCollection(ushort collection, int processor) => Command(0x09, 0, collection | ((ulong)processor << 16) | (1ul << 63));

    public void MapEvent(uint device, uint number, int id, ushort collection) => Command(0x0A | ((ulong)device << 32), number | ((ulong)id << 32), collection);

    public void OnEvent(byte operation, uint device, uint number, ushort collection = 0) => Command(operation | ((ulong)device << 32), number, collection);

    public int Acknowledge(int processor)
    {
        Assert.True(Gic.TryReadRegister(processor, 1, GicRegisters.Iar1, out var id));
        return (int)id;
    }

    public void End(int processor, int id) => Gic.TryWriteRegister(processor, 1, GicRegisters.Eoir1, (ulong)id);

    public void Reload()
    {
        var (gic, lpis, its) = (Gic.Save(), Lpis.Save(), Its.Save());
        (Gic, Lpis, Its) = Make();
        Gic.Restore(gic);
        Its.Restore(its);
        Lpis.Restore(lpis);
    }

    private (GicV3 Gic, LpiRedistributors Lpis, InterruptTranslationService Its) Make()
    {
        var gic = new GicV3([0, 1]);
        var lpis = new LpiRedistributors(2, Memory, gic.Attend);
        gic.Lpis = lpis;
        for (var processor = 0; processor < 2; processor++)
            gic.Connect(processor, Irq[processor], new TestLine());
        return (gic, lpis, new InterruptTranslationService(Address, Memory, lpis));
    }
}

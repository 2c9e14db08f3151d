namespace Arm64Vm.Cpu.Tests;

/// <summary>A machine with two pages that share a slot in the first level of every inline TLB.</summary>
internal static class PagesOfOneSlot
{
    public const ulong A = 0x0100_5000;
    public const ulong B = 0x0200_5000;
    public const ulong FrameA = TestMachine.Ram + 0x30_0000;
    public const ulong FrameB = TestMachine.Ram + 0x30_1000;

    /// <summary>For what is mapped in the place of a page.</summary>
    public const ulong OtherFrame = TestMachine.Ram + 0x30_2000;
    public const ulong Normal = PageTables.Normal;
    public const uint DsbIsh = 0xD503_3B9F;
    private const ulong Tables = TestMachine.Ram + 0x40_0000;

    /// <summary>RAM by blocks at its own address, and the two pages; <paramref name="fill"/> puts something into their frames before the MMU is on.</summary>
    public static TestMachine Make(out PageTables tables, Action<TestMachine> fill, ulong attributes = PageTables.NonGlobal, VcpuOptions? options = null)
    {
        TestMachine machine = new(options, emitted: true);
        tables = PageTables.OfFlatRam(machine, Tables, 4 * PageTables.BlockSize);
        tables.Map(A, FrameA, Normal | attributes);
        tables.Map(B, FrameB, Normal | attributes);
        fill(machine);
        tables.Enable();
        return machine;
    }
}

namespace Arm64Vm.Cpu.Mmu;

/// <summary>Virtual addresses that are their own physical ones and can be read, around one of them.</summary>
internal struct FlatRange
{
    public ulong First;
    public ulong Length;

    /// <summary>What the descriptors behind the range map, the last byte included: may reach beyond it.</summary>
    public ulong MappedFirst;
    public ulong MappedLast;

    /// <summary>Some of them belong to one ASID.</summary>
    public bool IsNonGlobal;
}

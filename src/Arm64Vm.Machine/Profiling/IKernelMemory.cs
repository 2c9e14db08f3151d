namespace Arm64Vm.Machine.Profiling;

/// <summary>The upper half of a guest's address space, as some moment has it.</summary>
internal interface IKernelMemory
{
    /// <summary>Reads bytes within a page; false where nothing is mapped.</summary>
    bool TryReadUpper(ulong address, Span<byte> bytes);

    /// <summary>False where nothing is mapped.</summary>
    bool TryTranslateUpper(ulong address, out ulong physical);
}

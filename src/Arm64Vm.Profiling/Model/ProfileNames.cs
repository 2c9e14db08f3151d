namespace Arm64Vm.Profiling;

/// <summary>An image with code.</summary>
/// <param name="Name">Short, as tables show it.</param>
/// <param name="Path">Where its symbols were read; may be empty.</param>
/// <param name="Start">First virtual address, or 0 where it has no fixed place.</param>
/// <param name="End">Behind its last address.</param>
/// <param name="Process">Index of the process it belongs to; −1: all, such as a kernel.</param>
internal sealed record ProfileModule(string Name, string Path, ulong Start, ulong End, int Process = -1);

/// <summary>A function.</summary>
/// <param name="Name">As its image spells it.</param>
/// <param name="Address">Virtual address of the first instruction.</param>
/// <param name="Size">Bytes; 0: up to the next symbol of its module.</param>
/// <param name="Module">Index of the module.</param>
internal readonly record struct ProfileSymbol(string Name, ulong Address, ulong Size, int Module);

/// <summary>An address space of EL0.</summary>
/// <param name="TableBase">Physical address of its translation table (TTBR0_EL1.BADDR).</param>
/// <param name="Asid">Address space identifier when it was seen first.</param>
/// <param name="Id">The guest's number for it (Linux: tgid); −1: unknown.</param>
/// <param name="Name">The task's name, or empty.</param>
internal sealed record ProfileProcess(ulong TableBase, int Asid, int Id, string Name);

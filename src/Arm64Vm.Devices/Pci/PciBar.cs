using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Pci;

/// <summary>Registers of a function behind a base address register.</summary>
/// <param name="Index">The register, 0..5; a 64-bit one takes the next as well.</param>
/// <param name="Size">Bytes, a power of two from 16 on.</param>
/// <param name="Is64">It can lie above 4 GiB, and is prefetchable.</param>
/// <param name="Registers">What answers there.</param>
internal sealed record PciBar(int Index, ulong Size, bool Is64, IMmioDevice Registers);

/// <summary>A base address register that decodes.</summary>
/// <param name="Base">Address on the bus.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Registers">What answers there.</param>
internal readonly record struct MappedBar(ulong Base, ulong Size, IMmioDevice Registers);

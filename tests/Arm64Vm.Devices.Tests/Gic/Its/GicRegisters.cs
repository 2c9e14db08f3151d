using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Tests.Gic.Its;

/// <summary>Registers of the CPU interface that these tests use.</summary>
internal static class GicRegisters
{
    public static SystemRegister Pmr => new(3, 0, 4, 6, 0);

    public static SystemRegister Iar1 => new(3, 0, 12, 12, 0);

    public static SystemRegister Eoir1 => new(3, 0, 12, 12, 1);

    public static SystemRegister Igrpen1 => new(3, 0, 12, 12, 7);
}

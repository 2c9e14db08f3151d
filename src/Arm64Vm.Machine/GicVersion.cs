namespace Arm64Vm.Machine;

/// <summary>Which interrupt controller the board has.</summary>
public enum GicVersion
{
    V2 = 2,
    V3 = 3,
}

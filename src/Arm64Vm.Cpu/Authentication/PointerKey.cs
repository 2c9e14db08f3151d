namespace Arm64Vm.Cpu.Authentication;

/// <summary>The five keys of FEAT_PAuth, in the order of their storage.</summary>
internal enum PointerKey
{
    IA,
    IB,
    DA,
    DB,
    GA,
}

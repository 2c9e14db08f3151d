namespace Arm64Vm.Cpu;

/// <summary>How pointer authentication codes are computed.</summary>
internal enum PointerAlgorithm
{
    /// <summary>FEAT_PAuth is absent.</summary>
    None,

    /// <summary>Implementation defined (ID_AA64ISAR1_EL1.API): three AES rounds, which emitted code computes by itself.</summary>
    Fast,

    /// <summary>The architected QARMA5 (ID_AA64ISAR1_EL1.APA), computed outside emitted code.</summary>
    Qarma5,
}

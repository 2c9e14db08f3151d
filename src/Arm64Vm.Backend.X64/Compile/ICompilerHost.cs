using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>What the compiler asks of the translation cache that owns its output.</summary>
internal interface ICompilerHost
{
    /// <summary>Index of a pure operation with the same operation, type, size, shape, aux and immediate; operands do not count.</summary>
    uint InternPureOperation(in IrInst operation);

    /// <summary>Registers a site of the unit being compiled; the number goes to the record that the unlinked site leaves with.</summary>
    int AddLinkSite(in LinkSite site);

    /// <summary>Host RX address of 16 bytes holding this constant; deduplicated, valid as long as the code buffer.</summary>
    long ConstantAddress(ulong low, ulong high);
}

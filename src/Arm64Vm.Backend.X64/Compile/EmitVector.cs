using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Vector integer operations with host instructions; the rest are evaluated by the oracle.</summary>
public sealed partial class X64Compiler
{
    private bool TryEmitVector(in IrInst inst)
    {
        _ = inst;
        _ = features;
        return false;
    }
}

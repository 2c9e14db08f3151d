using Arm64Vm.Cpu.Registers;

namespace Arm64Vm.Cpu;

/// <summary>Branch target identification (FEAT_BTI, Arm ARM D8.4.6).</summary>
internal sealed unsafe partial class Vcpu
{
    /// <summary>Whether an instruction on a guarded page may be reached by a branch that set PSTATE.BTYPE to <paramref name="type"/>.</summary>
    /// <remarks>
    /// <code>
    /// BTYPE             BTI  BTI c  BTI j  BTI jc  PACIASP, PACIBSP   BRK, HLT  others
    /// 1 (BR X16, X17)   no   yes    yes    yes     yes                yes       no
    /// 2 (BLR)           no   yes    no     yes     yes                yes       no
    /// 3 (BR)            no   no     yes    yes     unless SCTLR.BT    yes       no
    /// </code>
    /// </remarks>
    private bool IsBranchTarget(uint word, uint type)
    {
        const uint BtiC = 0xD503_245F, BtiJ = 0xD503_249F, BtiJc = 0xD503_24DF;
        const uint Paciasp = 0xD503_233F, Pacibsp = 0xD503_237F;
        switch (word)
        {
            case BtiC:
                return type != 3;
            case BtiJ:
                return type != 2;
            case BtiJc:
                return true;
            case Paciasp or Pacibsp:
                return type != 3 || (Slot(SystemSlot.Sctlr) & (State.El == 0 ? SctlrBits.UserStrictTargets : SctlrBits.StrictTargets)) == 0;
            default:
                return (word & 0xFFE0_001F) is 0xD420_0000 or 0xD440_0000;
        }
    }
}

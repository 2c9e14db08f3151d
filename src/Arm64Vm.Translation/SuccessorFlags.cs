using Arm64Vm.Ir;
using Arm64Vm.Ir.Passes;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation;

/// <summary>Looks a few instructions past the end of a block whether NZCV is overwritten there before it is read or a fault could show it.</summary>
/// <remarks>What a positive answer rests on becomes part of what the region depends on, so that a change of those bytes drops the translation.</remarks>
internal static unsafe class SuccessorFlags
{
    private const int PageSize = 4096;
    private const int LookAhead = 6;

    /// <summary>Bit 0: the flags are dead behind the region's only block.</summary>
    /// <param name="location">The page.</param>
    /// <param name="region">What was made of some of it.</param>
    /// <param name="accessesStoreFlags">Slow paths of plain accesses store flags that the rest of the block does not (<see cref="Ir.Passes.DeadCodeElimination"/>).</param>
    // SAFETY: location.Host points to the page's bytes; offsets are checked against its size.
    public static ulong DeadAtEnd(in CodeLocation location, IrRegion region, bool accessesStoreFlags)
    {
        if (region.BlockCount != 1 || location.Mode.SingleStep || !EndsWithFlags(region, accessesStoreFlags))
            return 0;
        ref readonly IrInst last = ref region.Instructions[^1];
        int low = (int)last.Imm, high = (int)(last.Imm >> 32);
        bool dead = last.Op switch
        {
            IrOp.Jump or IrOp.Call => AreDead(location, region, low),
            >= IrOp.BranchCond and <= IrOp.BranchBitSet => AreDead(location, region, low) && AreDead(location, region, high),
            _ => false,
        };
        return dead ? 1u : 0u;
    }

    /// <summary>True where a write of flags is the last thing in the block that matters: nothing after it can leave without them.</summary>
    private static bool EndsWithFlags(IrRegion region, bool accessesStoreFlags)
    {
        ReadOnlySpan<IrInst> code = region.Instructions;
        for (int index = code.Length - 2; index > 0; index--)
        {
            ref readonly IrInst inst = ref code[index];
            if (inst.Op == IrOp.SetFlags)
                return true;
            bool leaves = IrOps.IsMemory(inst.Op) || IrOps.IsSystem(inst.Op);
            if (leaves && !(accessesStoreFlags && DeadCodeElimination.IsPlainAccess(inst)))
                return false;
        }

        return false;
    }

    /// <summary>NZCV is overwritten behind <paramref name="offset"/> before anything can see it.</summary>
    // SAFETY: as DeadAtEnd.
    public static bool AreDead(in CodeLocation location, IrRegion region, int offset)
    {
        // A debugger that stops there sees the flags.
        if (location.Mode.StopSet != 0)
            return false;
        int lowest = offset, highest = offset;
        for (int n = 0; n < LookAhead; n++)
        {
            if ((uint)offset >= PageSize)
                return false;
            lowest = Math.Min(lowest, offset);
            highest = Math.Max(highest, offset);
            A64Instruction i = A64Instruction.Decode(*(uint*)(location.Host + offset));
            switch (Effect(i, location.Mode))
            {
                case FlagEffect.Overwrites:
                    region.DependOn(lowest, highest + 4);
                    return true;
                case FlagEffect.None:
                    offset += 4;
                    break;
                case FlagEffect.Branch:
                    offset += (int)i.Imm26Offset;
                    break;
                default:
                    return false;
            }
        }

        return false;
    }

    private static FlagEffect Effect(A64Instruction i, TranslationMode mode)
    {
        switch (A64Opcodes.Group(i.Opcode))
        {
            case A64Group.AddSubImmediate or A64Group.AddSubShifted or A64Group.AddSubExtended:
                return i.Bit(29) ? FlagEffect.Overwrites : FlagEffect.None;
            case A64Group.LogicalImmediate or A64Group.LogicalShifted:
                return i.Bits(30, 29) == 3 ? FlagEffect.Overwrites : FlagEffect.None;
            case A64Group.PcRelative or A64Group.MoveWide or A64Group.Bitfield or A64Group.Extract or A64Group.OneSource or A64Group.ThreeSource:
                return FlagEffect.None;
            case A64Group.TwoSource:
                return i.Opcode is >= A64Opcode.Udiv and <= A64Opcode.Rorv ? FlagEffect.None : FlagEffect.Observes;
            case A64Group.FloatingPointCompare:
                bool compares = i.Opcode is A64Opcode.Fcmp or A64Opcode.Fcmpe && i.FType != 2 && !mode.FloatTrapped;
                return compares ? FlagEffect.Overwrites : FlagEffect.Observes;
            default:
                return i.Opcode switch
                {
                    A64Opcode.B => FlagEffect.Branch,
                    A64Opcode.Nop => FlagEffect.None,
                    _ => FlagEffect.Observes,
                };
        }
    }

    private enum FlagEffect
    {
        None,
        Overwrites,

        /// <summary>Reads the flags, or can leave or fault, or is not looked into.</summary>
        Observes,
        Branch,
    }
}

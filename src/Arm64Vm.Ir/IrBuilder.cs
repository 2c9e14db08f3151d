using System.Runtime.CompilerServices;

namespace Arm64Vm.Ir;

/// <summary>Appends instructions to a region. Lifters speak through it; it forwards guest state within a block so that a register is read once.</summary>
internal sealed partial class IrBuilder
{
    private const int PageSize = 4096;
    private readonly IrRegion region;
    private ushort pc;

    public IrBuilder(IrRegion region) => this.region = region;

    public IrRegion Region => region;

    /// <summary>Starts a basic block at a guest offset from the region's page.</summary>
    public void BeginBlock(int guestOffset)
    {
        ref IrBlock block = ref region.AppendBlock();
        block.First = (ushort)region.Count;
        block.End = block.First;
        block.GuestOffset = guestOffset;
    }

    /// <summary>Starts the next guest instruction, at an offset in its page.</summary>
    public void BeginInstruction(int pageOffset) => pc = (ushort)pageOffset;

    /// <summary>Ends the block; its last instruction must be a terminator.</summary>
    public void EndBlock() => region.LastBlock.End = (ushort)region.Count;

    /// <summary>True where the last instruction appended ends the block.</summary>
    public bool IsTerminated => region.Count > region.LastBlock.First && IrOps.IsTerminator(region[region.Count - 1].Op);

    /// <summary>
    /// Makes the conditional branch that ends the block a side exit, after which the block goes on; false where it does not branch forward on its page.
    /// </summary>
    public bool TryContinueBehindBranch()
    {
        ref IrInst last = ref region[region.Count - 1];
        int target = (int)last.Imm;
        if (last.Op is < IrOp.BranchCond or > IrOp.BranchBitSet || target <= last.Pc || target >= PageSize)
            return false;
        last.Op = SideExit.Of(last.Op);
        last.Imm = SideExit.Make(target, 0, flagsAreDead: false);
        return true;
    }

    /// <summary>
    /// Makes the branch to the block's own start that ends the block the beginning of another round: where it is conditional, its other way becomes a side exit.
    /// False where the branch goes elsewhere.
    /// </summary>
    /// <param name="start">Offset of the block's start.</param>
    /// <param name="hasExit">The round has a side exit.</param>
    /// <param name="exits">The branch is one now, the last instruction.</param>
    public bool TryGoRound(int start, bool hasExit, out bool exits)
    {
        ref IrInst last = ref region[region.Count - 1];
        exits = last.Op is >= IrOp.BranchCond and <= IrOp.BranchBitSet;
        if ((int)last.Imm != start || (!exits && (last.Op != IrOp.Jump || last.Aux != 0 || !hasExit)))
            return false;
        if (!exits)
        {
            region.Count--;
            return true;
        }

        int behind = (int)(last.Imm >> 32);
        if (behind >= PageSize || (last.Op == IrOp.BranchCond && last.Condition >= Condition.AL))
            return false;
        last.Op = last.Op switch
        {
            IrOp.BranchZero => IrOp.LeaveNonZero,
            IrOp.BranchNonZero => IrOp.LeaveZero,
            IrOp.BranchBitClear => IrOp.LeaveBitSet,
            IrOp.BranchBitSet => IrOp.LeaveBitClear,
            _ => IrOp.LeaveCond,
        };
        if (last.Op == IrOp.LeaveCond)
            last.Aux ^= 1; // the opposite condition
        last.Imm = SideExit.Make(behind, 0, flagsAreDead: false);
        return true;
    }

    /// <summary>Appends an instruction in its general form; the named methods of the other parts are preferred.</summary>
    /// <remarks>Inlined, so that what is constant at the call is put together at compile time: translation is bound by this (bench Translator).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IrValue Emit(
        IrOp op,
        IrType type,
        IrValue a = default,
        IrValue b = default,
        IrValue c = default,
        IrValue d = default,
        int size = 0,
        VectorShape shape = VectorShape.Q,
        int aux = 0,
        ulong imm = 0)
    {
        ulong head = (ulong)op | ((ulong)type << 16) | ((ulong)(byte)size << 24) | ((ulong)a.Index << 32) | ((ulong)b.Index << 48);
        ulong tail = c.Index | ((ulong)d.Index << 16) | ((ulong)pc << 32) | ((ulong)shape << 48) | ((ulong)(byte)aux << 56);
        return region.Append(head, tail, imm);
    }
}

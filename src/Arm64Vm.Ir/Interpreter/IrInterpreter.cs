namespace Arm64Vm.Ir.Interpreter;

/// <summary>Executes regions one IR instruction at a time: the oracle, and the executor of hosts without a back end.</summary>
/// <remarks>Guest state is written in program order, so that it is exact wherever a service raises an exception. Allocates nothing after construction.</remarks>
internal sealed unsafe partial class IrInterpreter
{
    private readonly Bits128[] values = new Bits128[IrRegion.MaxInstructions];
    private readonly IGuestServices services;

    public IrInterpreter(IGuestServices services) => this.services = services;

    /// <summary>Come back after every block, also before one of the same region.</summary>
    public bool StepsBlocks { get; set; }

    /// <summary>The last run ended where a service raised an exception or the stack was misaligned, not at an exit of a unit.</summary>
    public bool HasRaised { get; private set; }

    /// <summary>Runs <paramref name="region"/> from its entry.</summary>
    public ExitReason Run(IrRegion region, GuestContext* context) => Run(region.Instructions, region.Blocks, context);

    /// <summary>Runs a region, given as instructions (index 0 unused) and blocks, on a context whose PcPage is the region's page.</summary>
    /// <param name="instructions">The unit's operations.</param>
    /// <param name="blocks">Its basic blocks.</param>
    /// <param name="context">The guest's registers.</param>
    /// <param name="once">Come back after one block, also before one of the same region.</param>
    /// <returns>
    /// How it ended; the context's PC says where to go on. <see cref="ExitReason.Lookup"/> also stands for an exception that a service raised.
    /// For other reasons the context's exit record holds payload and value.
    /// </returns>
    // SAFETY: context is valid and owned by the calling thread for the call; values are indexed by instruction, which IrRegion bounds.
    public ExitReason Run(ReadOnlySpan<IrInst> instructions, ReadOnlySpan<IrBlock> blocks, GuestContext* context, bool once = false)
    {
        int block = 0;
        HasRaised = false;
        while (true)
        {
            ref readonly IrBlock current = ref blocks[block];
            int last = current.End - 1;
            uint flags = 0;
            for (int index = current.First; index < last; index++)
            {
                if (Execute(instructions, index, context, ref flags))
                    continue;
                HasRaised = !IrOps.IsSideExit(instructions[index].Op);
                return ExitReason.Lookup;
            }

            if (!Terminate(instructions[last], context, out long target, out ExitReason reason))
                return reason;

            int next = FindBlock(blocks, target);
            bool backward = target <= current.GuestOffset;
            if (next >= 0 && !StepsBlocks && !once && !(backward && context->Poll != 0))
            {
                block = next;
                continue;
            }

            context->Pc = context->PcPage + (ulong)target;
            return backward && context->Poll != 0 ? ExitReason.Poll : ExitReason.Lookup;
        }
    }

    private static int FindBlock(ReadOnlySpan<IrBlock> blocks, long target)
    {
        for (int i = 0; i < blocks.Length; i++)
        {
            if (blocks[i].GuestOffset == target)
                return i;
        }

        return -1;
    }

    /// <summary>Executes one instruction that is not a terminator; false when a service raised an exception or a side exit was taken: PC is set.</summary>
    private bool Execute(ReadOnlySpan<IrInst> instructions, int index, GuestContext* context, ref uint flags)
    {
        ref readonly IrInst i = ref instructions[index];
        switch (i.Op)
        {
            case IrOp.None:
                return true;
            case IrOp.GetX:
                values[index] = new Bits128(context->X[i.Aux & 31], 0);
                return true;
            case IrOp.SetX:
                context->X[i.Aux & 31] = instructions[i.A].Type == IrType.I32 ? (uint)values[i.A].Lo : values[i.A].Lo;
                return true;
            case IrOp.GetV:
                values[index] = context->GetV(i.Aux & 31);
                return true;
            case IrOp.SetV:
                context->SetV(i.Aux & 31, values[i.A]);
                return true;
            case IrOp.GetFlags:
                values[index] = new Bits128(context->Nzcv, 0);
                return true;
            case IrOp.SetFlags:
                context->Nzcv = (uint)values[i.A].Lo;
                return true;
            case IrOp.PcPage:
                values[index] = new Bits128(context->PcPage, 0);
                return true;
            case IrOp.Count:
                context->Events[i.Aux] += i.Imm + (i.A == 0 ? 0 : values[i.A].Lo);
                return true;
            case IrOp.AddS or IrOp.SubS or IrOp.AndS or IrOp.AndNotS or IrOp.AdcS or IrOp.SbcS:
                flags = IntegerOperations.FlagsOf(i, values[i.A].Lo, values[i.B].Lo, values[i.C].Lo);
                break;
            case IrOp.FlagsOf:
                values[index] = new Bits128(flags, 0);
                return true;
        }

        if (IrOps.IsSideExit(i.Op))
            return !Leaves(i, context);
        if (i.Op is >= IrOp.Load and <= IrOp.Barrier)
            return Memory(instructions, index, context);
        if (IrOps.IsSystem(i.Op))
            return System(i, index, context);
        values[index] = Pure(i, context);
        return true;
    }

    /// <summary>A side exit: true where it is taken, then PC is set and what the unit does not execute is not counted.</summary>
    private bool Leaves(in IrInst i, GuestContext* context)
    {
        if (!IsTaken(SideExit.Branch(i.Op), i, values[i.A].Lo))
            return false;
        SideExit exit = new(i.Imm);
        if (i.B != 0)
            context->Nzcv = (uint)values[i.B].Lo;
        context->Pc = context->PcPage + (ulong)exit.Target;
        context->Instructions -= (ulong)exit.Rest;
        return true;
    }

    private static bool IsTaken(IrOp branch, in IrInst i, ulong a) => branch switch
    {
        IrOp.BranchCond => GuestFlags.Holds(i.Condition, (uint)a),
        IrOp.BranchZero => i.Size == 4 ? (uint)a == 0 : a == 0,
        IrOp.BranchNonZero => i.Size == 4 ? (uint)a != 0 : a != 0,
        IrOp.BranchBitClear => ((a >> i.Aux) & 1) == 0,
        IrOp.BranchBitSet => ((a >> i.Aux) & 1) != 0,
        _ => true,
    };

    private Bits128 Pure(in IrInst i, GuestContext* context)
    {
        if (IrOps.IsPureInteger(i.Op) && i.Type != IrType.V128)
            return new Bits128(IntegerOperations.Evaluate(i, values[i.A].Lo, values[i.B].Lo, values[i.C].Lo), 0);

        Operands operands;
        operands.A = values[i.A];
        operands.B = values[i.B];
        operands.C = values[i.C];
        operands.D = values[i.D];
        FpEnvironment fp = default;
        fp.Fpcr = context->Fpcr;
        Bits128 result = PureOperations.Evaluate(i, operands, ref fp);
        context->Fpsr |= fp.Fpsr;
        return result;
    }

    /// <summary>True: go on at <paramref name="target"/>, an offset from the page. False: leave with <paramref name="reason"/>, PC is set.</summary>
    private bool Terminate(in IrInst i, GuestContext* context, out long target, out ExitReason reason)
    {
        ulong a = values[i.A].Lo;
        bool taken = IsTaken(i.Op, i, a);
        target = (int)(taken ? i.Imm : i.Imm >> 32);
        reason = ExitReason.Lookup;
        switch (i.Op)
        {
            case IrOp.CallRegister or IrOp.JumpRegister or IrOp.Return:
                context->Pc = a;
                context->BranchType = i.Aux;
                if (context->Poll != 0)
                    reason = ExitReason.Poll;
                return false;
            case IrOp.Exit or IrOp.ExitAfter:
                reason = (ExitReason)i.Aux;
                context->Pc = context->PcPage + i.Pc + (i.Op == IrOp.ExitAfter ? 4u : 0u);
                context->Exit.Reason = i.Aux;
                context->Exit.PcDelta = i.Pc + (i.Op == IrOp.ExitAfter ? 4 : 0);
                context->Exit.Payload = i.Imm;
                context->Exit.Address = i.A == 0 ? 0 : a;
                return false;
            case >= IrOp.Jump and <= IrOp.Call:
                return true;
            default:
                throw new InvalidOperationException($"block ends with {i.Op}");
        }
    }
}

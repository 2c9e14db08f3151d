using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Turns one instruction word into IR: decodes it, checks that the processor has it, and dispatches by encoding group.</summary>
/// <remarks>
/// A group's lifter returns false for encodings that are UNDEFINED although the table has a row for them. It may have appended pure
/// operations by then, but neither memory operations nor writes of guest state.
/// </remarks>
internal static partial class Lifter
{
    /// <summary>Appends the IR of <paramref name="word"/>. Where the instruction ends the block, the last instruction appended is a terminator.</summary>
    public static void Lift(in LiftContext context, uint word)
    {
        A64Instruction instruction = A64Instruction.Decode(word);
        A64Group group = A64Opcodes.Group(instruction.Opcode);
        IrBuilder builder = context.Builder;
        if (instruction.Opcode == A64Opcode.Undefined || (group != A64Group.Hint && !IsAvailable(context.Features, instruction, group)))
        {
            builder.Exit(ExitReason.Undefined, word);
            return;
        }

        if (context.Mode.FloatTrapped && UsesFloat(group))
        {
            builder.Exit(ExitReason.FloatTrap, word);
            return;
        }

        if (context.Mode.StackMisaligned && StackPointerUse.IsBase(instruction, group))
        {
            builder.Exit(ExitReason.StackAlignment, word);
            return;
        }

        int first = builder.Region.Count;
        if (!LiftGroup(context, instruction, group))
            builder.Exit(ExitReason.Undefined, word);
        else if (context.Mode.StackChecked && !context.Mode.SingleStep && !builder.IsTerminated && !context.IsStackProbe && StackPointerUse.MayMisalign(builder.Region, first))
            builder.Emit(IrOp.CheckStack, IrType.Void);
    }

    /// <summary>The processor has the feature of the row, and of scalar half precision, which shares rows with single and double. FCVT is older than FEAT_FP16.</summary>
    private static bool IsAvailable(FeatureSet features, A64Instruction i, A64Group group)
    {
        const int Half = 3;
        if (!features.Has(A64Opcodes.Feature(i.Opcode)))
            return false;
        bool isHalf = group is >= A64Group.FloatingPointFixedPoint and <= A64Group.FloatingPointThreeSource && i.FType == Half && i.Opcode != A64Opcode.Fcvt;
        return !isHalf || features.Has(A64Feature.Fp16);
    }

    /// <summary>CPACR_EL1.FPEN traps everything that touches the SIMD&amp;FP register file.</summary>
    private static bool UsesFloat(A64Group group) =>
        group is (>= A64Group.CryptoAes and <= A64Group.CryptoSm)
            or (>= A64Group.FloatingPointFixedPoint and <= A64Group.SimdLoadReplicate)
            or (>= A64Group.SimdByElementScalar and <= A64Group.SimdTwoRegister);

    private static bool LiftGroup(in LiftContext context, A64Instruction instruction, A64Group group)
    {
        switch (group)
        {
            case A64Group.ConditionalBranch or A64Group.UnconditionalBranchImmediate:
                return Branches.LiftImmediate(context, instruction);
            case A64Group.CompareBranch or A64Group.TestBranch:
                return Branches.LiftCompareOrTest(context, instruction);
            case A64Group.UnconditionalBranchRegister:
                return BranchRegister.Lift(context, instruction);
            case A64Group.AuthenticatedBranch:
                return BranchRegister.LiftAuthenticated(context, instruction);

            case A64Group.PcRelative:
                return PcRelative.Lift(context, instruction);
            case A64Group.AddSubImmediate:
                return AddSubtract.LiftImmediate(context, instruction);
            case A64Group.AddSubTags:
                return AddSubtract.LiftTags(context, instruction);
            case A64Group.MinMaxImmediate:
                return MinMax.LiftImmediate(context, instruction);
            case A64Group.AddSubShifted:
                return AddSubtract.LiftShifted(context, instruction);
            case A64Group.AddSubExtended:
                return AddSubtract.LiftExtended(context, instruction);
            case A64Group.AddSubCarry:
                return AddSubtract.LiftCarry(context, instruction);
            case A64Group.LogicalImmediate:
                return Logical.LiftImmediate(context, instruction);
            case A64Group.LogicalShifted:
                return Logical.LiftShifted(context, instruction);
            case A64Group.MoveWide:
                return MoveWide.Lift(context, instruction);
            case A64Group.Bitfield:
                return Bitfield.Lift(context, instruction);
            case A64Group.Extract:
                return Extract.Lift(context, instruction);
            case A64Group.OneSource:
                return OneSource.Lift(context, instruction);
            case A64Group.TwoSource:
                return TwoSource.Lift(context, instruction);
            case A64Group.ThreeSource:
                return ThreeSource.Lift(context, instruction);
            case A64Group.PointerAuthentication:
                return PointerAuthenticationCode.Lift(context, instruction);
            case A64Group.FlagManipulation:
                return FlagManipulation.Lift(context, instruction);
            case A64Group.ConditionalCompare:
                return ConditionalCompare.Lift(context, instruction);
            case A64Group.ConditionalSelect:
                return ConditionalSelect.Lift(context, instruction);

            case A64Group.ExceptionGeneration or A64Group.ExceptionReturn or A64Group.WaitWithTimeout:
                return Exceptions.Lift(context, instruction);
            case A64Group.Hint:
                return Hints.Lift(context, instruction);
            case A64Group.Barrier:
                return Barriers.Lift(context, instruction);
            case A64Group.PStateMove:
                return PStateMove.Lift(context, instruction);
            case A64Group.SystemInstruction:
                return SystemInstruction.Lift(context, instruction);
            case A64Group.SystemRegisterMove:
                return SystemRegisterMove.Lift(context, instruction);

            case A64Group.LoadLiteral:
                return LoadStoreSingle.LiftLiteral(context, instruction);
            case A64Group.LoadStoreUnscaled or A64Group.LoadStoreUnprivileged or A64Group.LoadStoreImmediate or A64Group.LoadStoreRegister:
                return LoadStoreSingle.Lift(context, instruction);
            case A64Group.LoadPointerAuthentication:
                return LoadStoreSingle.LiftAuthenticated(context, instruction);
            case A64Group.LoadStorePair:
                return LoadStorePair.Lift(context, instruction);
            case A64Group.LoadStoreOrdered:
                return LoadStoreOrdered.Lift(context, instruction);
            case A64Group.LoadStoreExclusive:
                return LoadStoreExclusive.Lift(context, instruction);
            case A64Group.CompareAndSwap:
                return Atomics.LiftCompareAndSwap(context, instruction);
            case A64Group.AtomicMemory:
                return Atomics.LiftReadModifyWrite(context, instruction);
            case A64Group.MemoryCopySet:
                return MemoryCopySet.Lift(context, instruction);
            case A64Group.MemoryTags:
                return LoadStorePair.LiftTagged(context, instruction);

            case A64Group.SimdLoadLiteral:
                return SimdLoadStore.LiftLiteral(context, instruction);
            case A64Group.SimdLoadStoreUnscaled or A64Group.SimdLoadStoreImmediate or A64Group.SimdLoadStoreRegister:
                return SimdLoadStore.Lift(context, instruction);
            case A64Group.SimdLoadStorePair:
                return SimdLoadStore.LiftPair(context, instruction);
            case A64Group.SimdLoadStoreMultiple:
                return SimdStructures.Lift(context, instruction);
            case A64Group.SimdLoadStoreSingle:
                return SimdSingleStructure.Lift(context, instruction);
            case A64Group.SimdLoadReplicate:
                return SimdSingleStructure.LiftReplicate(context, instruction);

            default:
                return LiftSimdAndFloat(context, instruction, group);
        }
    }
}

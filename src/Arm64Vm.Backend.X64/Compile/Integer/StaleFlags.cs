using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>
/// NZCV that only the slow path of an access would see: the hot code does not store it, the slow path computes it again from what it came from.
/// </summary>
/// <remarks>A loop that compares, branches and loads would else save flags in every round for a fault that hardly ever comes.</remarks>
internal sealed partial class X64Compiler
{
    /// <summary>How a slow path gets at flags that are not stored.</summary>
    private struct StaleFlags
    {
        /// <summary>4 or 8 bytes; 0: the stored flags are right.</summary>
        public int Size;
        public Recomputation How;

        /// <summary>A test (ANDS), not a comparison.</summary>
        public bool IsTest;
        public IntegerOperand Left;
        public IntegerOperand Right;
    }

    /// <summary>The flags that the slow path of the access in progress is to store, or 0.</summary>
    private int staleFlags;

    /// <summary>Before an access whose operand D says that the stored flags are out of date: makes sure that they can be had on the slow path, or stores them here.</summary>
    private void BeginStaleFlags(int flags)
    {
        staleFlags = 0;
        if (flags == 0 || values[flags].Backing == Backing.GuestFlags)
            return;
        if (!IsStoredFlagsUsed(flags) && TryKeepForSlowPath(flags))
        {
            staleFlags = flags;
            return;
        }

        EmitSetFlags(flags);

        // What they were computed from is not an operand of the access.
        lockedGpr = 0;
    }

    /// <summary>Some value that is used later is the one in memory, so a slow path must not change that.</summary>
    private bool IsStoredFlagsUsed(int except)
    {
        for (int i = 0; i < guestFlagReaderCount; i++)
        {
            if (IsStoredFlagsOf(guestFlagReaders[i], except))
                return true;
        }

        return IsStoredFlagsOf(guestFlagsValue, except);
    }

    private bool IsStoredFlagsOf(int value, int except) => value != 0 && value != except && LivesOn(value) && values[value].Backing == Backing.GuestFlags;

    private bool TryKeepForSlowPath(int flags)
    {
        ref ValueState state = ref values[flags];
        if (state.Backing == Backing.None && flagsOwner == flags)
        {
            Recomputation possible = HowToRecompute(flags);
            if (possible == Recomputation.None)
                return false;
            state.Backing = Backing.Recompute;
            state.Index = (byte)possible;
        }

        var how = (Recomputation)state.Index;
        if (state.Backing != Backing.Recompute || how == Recomputation.Result || !HasPlaces(flags, how))
            return false;

        // One longer than the access, so that its result does not take their places.
        KeepSources(flags, how, (ushort)(Math.Max(state.LastUse, current) + 1));
        return true;
    }

    /// <summary>The operands are in registers, in memory or short constants.</summary>
    private bool HasPlaces(int flags, Recomputation how)
    {
        int producer = region[flags].A;
        ref IrInst inst = ref region[producer];
        int size = inst.Type == IrType.I64 ? 8 : 4;
        return how == Recomputation.Sum || (HasPlace(inst.A, size) && HasPlace(inst.B, size));
    }

    private bool HasPlace(int value, int size) => !IsConstant(value) || TryImmediate(value, size, out _);

    /// <summary>Where the flags' operands are now: for the slow path of the probe just emitted.</summary>
    private StaleFlags FindStaleFlags()
    {
        if (staleFlags == 0)
            return default;
        int producer = region[staleFlags].A;
        ref IrInst inst = ref region[producer];
        int size = inst.Type == IrType.I64 ? 8 : 4;
        var how = (Recomputation)values[staleFlags].Index;
        return new StaleFlags
        {
            Size = size,
            How = how,
            IsTest = inst.Op == IrOp.AndS,
            Left = PlaceOf(how == Recomputation.Sum ? producer : inst.A, size),
            Right = PlaceOf(inst.B, size),
        };
    }

    private IntegerOperand PlaceOf(int value, int size)
    {
        if (TryImmediate(value, size, out int immediate))
            return new IntegerOperand(immediate);
        if (TryMemory(value, out Mem memory))
            return new IntegerOperand(memory);
        ref ValueState state = ref values[value];
        if (state.Register != HostAbi.None)
            return new IntegerOperand((Gpr)state.Register);
        return state.Backing == Backing.GuestX
            ? new IntegerOperand((Gpr)HostAbi.PinnedX[state.Index])
            : throw new InvalidOperationException($"value %{value} ({region[value].Op}) is nowhere");
    }

    /// <summary>On a slow path, where rax is in use or not: stores the flags.</summary>
    private void EmitStaleFlags(in StaleFlags flags, bool keepsScratch)
    {
        if (flags.Size == 0)
            return;
        if (keepsScratch)
            emit.Push(HostAbi.Scratch);
        flags.Left.Load(emit, flags.Size, HostAbi.Scratch);
        if (flags.How == Recomputation.Sum)
            flags.Right.Apply(emit, AluOp.Add, flags.Size, HostAbi.Scratch);
        flags.Right.Apply(emit, flags.IsTest ? AluOp.And : AluOp.Cmp, flags.Size, HostAbi.Scratch);
        (FlagForm kept, int counted) = (flagsForm, flagStoreCount);
        flagsForm = flags.IsTest ? FlagForm.Arm : FlagForm.Borrow;
        StoreHostFlags(HostAbi.Field(HostContext.FlagsOffset));

        // A profile weights stores by entries of the unit, which seldom come here.
        (flagsForm, flagStoreCount) = (kept, counted);
        if (keepsScratch)
            emit.Pop(HostAbi.Scratch);
    }
}

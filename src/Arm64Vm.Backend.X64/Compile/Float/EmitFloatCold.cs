using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Cold paths of floating-point operations: the oracle computes again from the operands, behind the unit's hot code.</summary>
internal sealed partial class X64Compiler
{
    private const int MaxFloatColdPaths = 1024;
    private const int FirstFloatColdPaths = 16;

    private enum ColdResult : byte
    {
        Vector,
        General,

        /// <summary>The host's flags, in the Arm form.</summary>
        Flags,
    }

    private struct FloatColdPath
    {
        public Label Entry;
        public Label Resume;
        public VectorOperand A;
        public VectorOperand B;
        public VectorOperand C;

        /// <summary>General register that holds operand A instead, or <see cref="HostAbi.None"/>.</summary>
        public byte GeneralA;
        public byte Destination;
        public ColdResult Result;
        public SlowDescriptor Descriptor;

        /// <summary>Windows that are live where execution goes on.</summary>
        public int Windows;
    }

    private FloatColdPath[] floatColdPaths = new FloatColdPath[FirstFloatColdPaths];
    private int floatColdCount;

    private bool HaveFloatColdPath => floatColdCount < MaxFloatColdPaths;

    /// <summary>A cold path for the current instruction; its result goes to <paramref name="destination"/>, and execution goes on at the label returned, which the caller binds.</summary>
    private Label AddFloatCold(in IrInst inst, Label entry, Xmm destination, in VectorOperand a, in VectorOperand b = default, in VectorOperand c = default)
    {
        ref FloatColdPath cold = ref NewFloatCold(inst, entry);
        cold.A = a;
        cold.B = b;
        cold.C = c;
        cold.Destination = (byte)destination;
        cold.Result = ColdResult.Vector;
        return cold.Resume;
    }

    private Label AddFloatCold(in IrInst inst, Label entry, Gpr destination, in VectorOperand a)
    {
        ref FloatColdPath cold = ref NewFloatCold(inst, entry);
        cold.A = a;
        cold.Destination = (byte)destination;
        cold.Result = ColdResult.General;
        return cold.Resume;
    }

    private Label AddFloatColdFlags(in IrInst inst, Label entry, in VectorOperand a, in VectorOperand b)
    {
        ref FloatColdPath cold = ref NewFloatCold(inst, entry);
        cold.A = a;
        cold.B = b;
        cold.Result = ColdResult.Flags;
        return cold.Resume;
    }

    private Label AddFloatCold(in IrInst inst, Label entry, Xmm destination, Gpr a)
    {
        ref FloatColdPath cold = ref NewFloatCold(inst, entry);
        cold.GeneralA = (byte)a;
        cold.Destination = (byte)destination;
        cold.Result = ColdResult.Vector;
        return cold.Resume;
    }

    private ref FloatColdPath NewFloatCold(in IrInst inst, Label entry)
    {
        if (floatColdCount == floatColdPaths.Length)
            Array.Resize(ref floatColdPaths, floatColdCount * 2);
        ref FloatColdPath cold = ref floatColdPaths[floatColdCount++];
        cold = default;
        cold.Entry = entry;
        cold.Resume = emit.NewLabel();
        cold.GeneralA = HostAbi.None;
        cold.Windows = windows.Live;
        cold.Descriptor = Describe(SlowKind.Pure, inst, SlowDescriptor.NoRegister, SlowDescriptor.NoRegister, SlowDescriptor.NoRegister, SlowDescriptor.NoRegister);
        cold.Descriptor.Index = host.InternPureOperation(inst);
        return ref cold;
    }

    private void EmitFloatColdPaths()
    {
        for (int i = 0; i < floatColdCount; i++)
        {
            ref FloatColdPath cold = ref floatColdPaths[i];
            emit.Bind(cold.Entry);
            if (cold.GeneralA != HostAbi.None)
                emit.Mov(8, HostAbi.Operand(0), (Gpr)cold.GeneralA);
            StoreColdOperand(0, cold.A);
            StoreColdOperand(1, cold.B);
            StoreColdOperand(2, cold.C);
            EmitSlowCall(cold.Descriptor);
            EmitEndWindows(cold.Windows);
            switch (cold.Result)
            {
                case ColdResult.General:
                    emit.Mov(8, (Gpr)cold.Destination, HostAbi.Operand(0));
                    break;
                case ColdResult.Flags:
                    emit.Mov(4, Gpr.Rax, HostAbi.Operand(0));
                    LoadHostFlagsFromScratch();
                    break;
                default:
                    emit.Vex(V.Movaps, (Xmm)cold.Destination, HostAbi.Operand(0));
                    break;
            }

            emit.Jmp(cold.Resume);
        }
    }

    private void StoreColdOperand(int slot, in VectorOperand source)
    {
        if (!source.IsPresent)
            return;
        // The scratch register holds at most the result, which is to be replaced.
        emit.VexStore(V.Movaps, HostAbi.Operand(slot), InRegister(source, HostAbi.VectorScratch, 16));
    }

    /// <summary>Goes to <paramref name="cold"/> where the result must be the oracle's: a NaN in a live lane or, for operations that can underflow, ± the smallest normal number.</summary>
    /// <remarks>
    /// A result that is tiny before rounding (Arm ARM FPRound) but not after has been rounded up to the smallest normal number: only then does
    /// Arm set UFC where x86 does not set UE. Sums, differences and roots are never both tiny and inexact. Clobbers rax for packed operations.
    /// </remarks>
    private void CheckResult(bool scalar, int size, Xmm result, Xmm temporary, bool mayBeTiny, Label cold)
    {
        if (mayBeTiny && FlushesToZero)
        {
            GuardTiny(scalar, size, new VectorOperand(result), temporary, cold);
            mayBeTiny = false;
        }

        if (scalar)
        {
            if (!mayBeTiny)
            {
                emit.Vex(size == 8 ? V.Ucomisd : V.Ucomiss, result, result);
                emit.Jcc(Cc.P, cold);
                return;
            }

            // ZF: equal or unordered.
            emit.Vex(V.Andps, temporary, result, AbsMask(size));
            emit.Vex(size == 8 ? V.Ucomisd : V.Ucomiss, temporary, SmallestNormal(size));
            emit.Jcc(Cc.E, cold);
            return;
        }

        const byte unorderedQuiet = 3, equalOrUnorderedQuiet = 8;
        VexOp compare = size == 8 ? V.Cmppd : V.Cmpps;
        if (mayBeTiny)
        {
            emit.Vex(V.Andps, temporary, result, AbsMask(size));
            emit.VexImm(compare, temporary, temporary, SmallestNormal(size), equalOrUnorderedQuiet);
        }
        else
        {
            emit.VexImm(compare, temporary, result, result, unorderedQuiet);
        }

        BranchIfAnyLane(size, temporary, cold);
    }

    /// <summary>Branches where the top bit of any element of the mask is set. Clobbers rax.</summary>
    private void BranchIfAnyLane(int size, Xmm mask, Label target)
    {
        if (size == 8)
            emit.Vmovmskpd(Gpr.Rax, mask);
        else
            emit.Vmovmskps(Gpr.Rax, mask);
        emit.Test(4, Gpr.Rax, Gpr.Rax);
        emit.Jcc(Cc.Ne, target);
    }
}

using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>
/// CPYF*, CPY* and SET* of FEAT_MOPS, option A. The prologue is arithmetic: it saturates the size, chooses the direction and moves the addresses. The main
/// instruction moves all bytes, so the epilogue finds nothing left, unless an exception handler brought it something.
/// </summary>
internal static class MemoryCopySet
{
    private const int AddressBits = 56;

    /// <summary>The largest copy is 2^55 − 1 bytes (CPYP), the largest set 2^63 − 1 (SETP).</summary>
    private const int CopySizeBits = 55;
    private const int SetSizeBits = 63;

    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        MemoryOperation operation = new(i.Word);
        if (context.Mode.MemoryOperationsUndefined || !operation.HasValidRegisters)
            return false;
        if (operation.Stage == MemoryStage.Prologue)
            LiftPrologue(context.Builder, operation);
        else
            LiftMove(context.Builder, operation);
        return true;
    }

    private static void LiftMove(IrBuilder b, MemoryOperation operation)
    {
        IrValue nzcv = b.Emit(IrOp.FlagsToNzcv, IrType.I32, b.ReadFlags());
        IrValue rest = b.Emit(
            IrOp.MemoryCopySet, IrType.I64, b.ReadX(operation.Destination), b.ReadX(operation.Source), b.ReadX(operation.Count), nzcv, imm: operation.Word);
        b.WriteGpr(operation.Count, rest);
    }

    private static void LiftPrologue(IrBuilder b, MemoryOperation operation)
    {
        IrValue destination = b.ReadX(operation.Destination);
        IrValue size = Saturate(b, b.ReadX(operation.Count), operation.IsSet ? SetSizeBits : CopySizeBits);
        IrValue negative = Binary(b, IrOp.Sub, b.Const(IrType.I64, 0), size);
        if (!operation.MayRunBackward)
        {
            if (!operation.IsSet)
                b.WriteGpr(operation.Source, Binary(b, IrOp.Add, b.ReadX(operation.Source), size));
            b.WriteGpr(operation.Destination, Binary(b, IrOp.Add, destination, size));
            b.WriteGpr(operation.Count, negative);
        }
        else
        {
            IrValue source = b.ReadX(operation.Source);
            IrValue backward = Backward(b, destination, source, size);
            IrValue advance = Binary(b, IrOp.AndNot, size, backward);
            IrValue count = Binary(b, IrOp.Or, Binary(b, IrOp.And, size, backward), Binary(b, IrOp.AndNot, negative, backward));
            b.WriteGpr(operation.Source, Binary(b, IrOp.Add, source, advance));
            b.WriteGpr(operation.Destination, Binary(b, IrOp.Add, destination, advance));
            b.WriteGpr(operation.Count, count);
        }

        b.WriteFlags(b.Emit(IrOp.FlagsFromNzcv, IrType.Flags, b.Const(IrType.I32, 0)));
    }

    /// <summary>All ones where the destination begins inside the source, behind its first byte; else zero. Only bits 55:0 of addresses count.</summary>
    private static IrValue Backward(IrBuilder b, IrValue destination, IrValue source, IrValue size)
    {
        IrValue mask = b.Const(IrType.I64, (1UL << AddressBits) - 1);
        IrValue distance = Binary(b, IrOp.Sub, Binary(b, IrOp.And, destination, mask), Binary(b, IrOp.And, source, mask));

        // 0 < distance < size, in the signs of −distance and distance − size: all are below 2^57.
        IrValue behindFirst = Binary(b, IrOp.Sub, b.Const(IrType.I64, 0), distance);
        IrValue inside = Binary(b, IrOp.Sub, distance, size);
        return Sign(b, Binary(b, IrOp.And, behindFirst, inside));
    }

    /// <summary>The size, or the largest where it has more bits.</summary>
    private static IrValue Saturate(IrBuilder b, IrValue size, int bits)
    {
        IrValue above = Binary(b, IrOp.Shr, size, b.Const(IrType.I64, (ulong)bits));
        IrValue isLarger = Sign(b, Binary(b, IrOp.Sub, b.Const(IrType.I64, 0), above));
        IrValue largest = Binary(b, IrOp.Shr, isLarger, b.Const(IrType.I64, (ulong)(64 - bits)));
        return Binary(b, IrOp.Or, Binary(b, IrOp.AndNot, size, isLarger), largest);
    }

    private static IrValue Sign(IrBuilder b, IrValue value) => Binary(b, IrOp.Sar, value, b.Const(IrType.I64, 63));

    private static IrValue Binary(IrBuilder b, IrOp op, IrValue left, IrValue right) => b.Binary(op, IrType.I64, left, right);
}

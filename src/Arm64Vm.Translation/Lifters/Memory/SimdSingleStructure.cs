using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>LD1–LD4, ST1–ST4 of one element of each register, and LD1R–LD4R.</summary>
internal static class SimdSingleStructure
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int registers = RegistersOf(i);
        // opcode<2:1> is the scale; for 32 and 64 bits size<0> tells them apart; Q:S:size holds the index above the scale.
        int scale = (int)i.Bits(15, 14);
        int place = ((i.Q ? 1 : 0) << 3) | (int)i.Bits(12, 10);
        int index = place >> scale;
        if (scale == 2 && i.Bit(10))
        {
            scale = 3;
            index = place >> 3;
        }

        int size = 1 << scale;
        Addressing address = SimdStructures.AddressOf(b, i, registers * size);
        Span<IrValue> values = stackalloc IrValue[4];
        IrType type = size == 8 ? IrType.I64 : IrType.I32;
        if (i.Bit(22))
        {
            LoadElements(b, address, type, size, values[..registers]);
            for (int r = 0; r < registers; r++)
            {
                int register = (i.Rt + r) & 31;
                b.WriteV(register, b.VectorInsertElement(size, b.ReadV(register), index, values[r]));
            }
        }
        else
        {
            for (int r = 0; r < registers; r++)
                b.Store(size, address.Address, b.VectorExtractElement(type, size, b.ReadV((i.Rt + r) & 31), index), r * size);
        }

        address.WriteBack(b);
        return true;
    }

    public static bool LiftReplicate(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int registers = RegistersOf(i);
        int size = 1 << (int)i.Bits(11, 10);
        VectorShape shape = i.Q ? VectorShape.Q : VectorShape.D;
        Addressing address = SimdStructures.AddressOf(b, i, registers * size);
        Span<IrValue> values = stackalloc IrValue[4];
        LoadElements(b, address, size == 8 ? IrType.I64 : IrType.I32, size, values[..registers]);
        for (int r = 0; r < registers; r++)
            b.WriteV((i.Rt + r) & 31, b.VectorBroadcast(shape, size, values[r]));
        address.WriteBack(b);
        return true;
    }

    private static void LoadElements(IrBuilder b, in Addressing address, IrType type, int size, Span<IrValue> values)
    {
        for (int r = 0; r < values.Length; r++)
            values[r] = b.Load(type, size, address.Address, r * size);
    }

    /// <summary>opcode&lt;0&gt;:R + 1.</summary>
    private static int RegistersOf(A64Instruction i) => ((i.Bit(13) ? 2 : 0) | (i.Bit(21) ? 1 : 0)) + 1;
}

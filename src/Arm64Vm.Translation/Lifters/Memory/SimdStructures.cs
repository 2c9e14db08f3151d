using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>LD1–LD4 and ST1–ST4 of multiple structures: whole registers in memory order, (de)interleaved by permutations.</summary>
/// <remarks>Only the elements must be aligned where alignment is checked; the processor finds their size when an access is about to fault.</remarks>
internal static class SimdStructures
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        // opcode (15:12): registers and interleaving (Arm ARM, LD1 (multiple structures) … LD4).
        (int registers, int interleave) = i.Bits(15, 12) switch
        {
            0b0000 => (4, 4),
            0b0010 => (4, 1),
            0b0100 => (3, 3),
            0b0110 => (3, 1),
            0b0111 => (1, 1),
            0b1000 => (2, 2),
            _ => (2, 1),
        };
        VectorShape shape = i.Q ? VectorShape.Q : VectorShape.D;
        int bytes = i.Q ? 16 : 8;
        int element = 1 << (int)i.Bits(11, 10);
        Addressing address = AddressOf(b, i, registers * bytes);
        Span<IrValue> values = stackalloc IrValue[4];
        if (i.Bit(22))
        {
            Load(b, address, bytes, values[..registers]);
            Deinterleave(b, shape, element, interleave, values);
            for (int r = 0; r < registers; r++)
                b.WriteV((i.Rt + r) & 31, values[r]);
        }
        else
        {
            for (int r = 0; r < registers; r++)
                values[r] = b.ReadV((i.Rt + r) & 31);
            Interleave(b, shape, element, interleave, values);
            Store(b, address, bytes, values[..registers]);
        }

        address.WriteBack(b);
        return true;
    }

    /// <summary>[Xn|SP], or post-indexed by Xm, or by the bytes transferred where m is 31.</summary>
    public static Addressing AddressOf(IrBuilder b, A64Instruction i, int bytes)
    {
        if (!i.Bit(23))
            return Addressing.Offset(b, i.Rn, 0);
        return i.Rm == 31 ? Addressing.PostIndexed(b, i.Rn, bytes) : Addressing.PostIndexed(b, i.Rn, b.ReadX(i.Rm));
    }

    private static void Load(IrBuilder b, in Addressing address, int bytes, Span<IrValue> values)
    {
        int r = 0;
        for (; r + 1 < values.Length; r += 2)
            (values[r], values[r + 1]) = b.LoadPair(IrType.V128, bytes, address.Address, r * bytes);
        if (r < values.Length)
            values[r] = b.Load(IrType.V128, bytes, address.Address, r * bytes);
    }

    private static void Store(IrBuilder b, in Addressing address, int bytes, ReadOnlySpan<IrValue> values)
    {
        int r = 0;
        for (; r + 1 < values.Length; r += 2)
            b.StorePair(bytes, address.Address, values[r], values[r + 1], r * bytes);
        if (r < values.Length)
            b.Store(bytes, address.Address, values[r], r * bytes);
    }

    private static void Deinterleave(IrBuilder b, VectorShape shape, int size, int ways, Span<IrValue> v)
    {
        switch (ways)
        {
            case 2:
                (v[0], v[1]) = (Permute(b, IrOp.VectorUnzip1, shape, size, v[0], v[1]), Permute(b, IrOp.VectorUnzip2, shape, size, v[0], v[1]));
                break;
            case 3:
                Gather(b, shape, size, v, deinterleave: true);
                break;
            case 4:
                IrValue even0 = Permute(b, IrOp.VectorUnzip1, shape, size, v[0], v[1]);
                IrValue even1 = Permute(b, IrOp.VectorUnzip1, shape, size, v[2], v[3]);
                IrValue odd0 = Permute(b, IrOp.VectorUnzip2, shape, size, v[0], v[1]);
                IrValue odd1 = Permute(b, IrOp.VectorUnzip2, shape, size, v[2], v[3]);
                v[0] = Permute(b, IrOp.VectorUnzip1, shape, size, even0, even1);
                v[1] = Permute(b, IrOp.VectorUnzip1, shape, size, odd0, odd1);
                v[2] = Permute(b, IrOp.VectorUnzip2, shape, size, even0, even1);
                v[3] = Permute(b, IrOp.VectorUnzip2, shape, size, odd0, odd1);
                break;
        }
    }

    private static void Interleave(IrBuilder b, VectorShape shape, int size, int ways, Span<IrValue> v)
    {
        switch (ways)
        {
            case 2:
                (v[0], v[1]) = (Permute(b, IrOp.VectorZip1, shape, size, v[0], v[1]), Permute(b, IrOp.VectorZip2, shape, size, v[0], v[1]));
                break;
            case 3:
                Gather(b, shape, size, v, deinterleave: false);
                break;
            case 4:
                IrValue low02 = Permute(b, IrOp.VectorZip1, shape, size, v[0], v[2]);
                IrValue high02 = Permute(b, IrOp.VectorZip2, shape, size, v[0], v[2]);
                IrValue low13 = Permute(b, IrOp.VectorZip1, shape, size, v[1], v[3]);
                IrValue high13 = Permute(b, IrOp.VectorZip2, shape, size, v[1], v[3]);
                v[0] = Permute(b, IrOp.VectorZip1, shape, size, low02, low13);
                v[1] = Permute(b, IrOp.VectorZip2, shape, size, low02, low13);
                v[2] = Permute(b, IrOp.VectorZip1, shape, size, high02, high13);
                v[3] = Permute(b, IrOp.VectorZip2, shape, size, high02, high13);
                break;
        }
    }

    private static IrValue Permute(IrBuilder b, IrOp op, VectorShape shape, int size, IrValue first, IrValue second) =>
        b.Vector(op, shape, size, first, second);

    /// <summary>Three ways by table lookups: element e of result r is element 3e + r of the three registers in a row, or the reverse.</summary>
    private static void Gather(IrBuilder b, VectorShape shape, int size, Span<IrValue> v, bool deinterleave)
    {
        int bytes = shape == VectorShape.Q ? 16 : 8;
        // With 64-bit registers the first two fill one table register, so that byte numbers are consecutive.
        IrValue low = shape == VectorShape.Q ? v[0] : b.VectorCombine(v[0], v[1]);
        Span<IrValue> results = stackalloc IrValue[3];
        for (int r = 0; r < 3; r++)
        {
            ulong lowIndexes = 0, highIndexes = 0;
            for (int j = 0; j < bytes; j++)
            {
                int index = deinterleave ? SourceWhenLoading(r, j, size) : SourceWhenStoring((r * bytes) + j, size, bytes);
                if (j < 8)
                    lowIndexes |= (ulong)index << (j * 8);
                else
                    highIndexes |= (ulong)index << ((j - 8) * 8);
            }

            IrValue indexes = b.VectorConst(VectorShape.D, lowIndexes);
            if (shape == VectorShape.Q)
                indexes = b.VectorCombine(indexes, b.VectorConst(VectorShape.D, highIndexes));
            IrValue found = b.Vector(IrOp.VectorTable, shape, 1, indexes, low);
            if (shape == VectorShape.Q)
                found = b.Vector(IrOp.VectorTable, shape, 1, indexes, v[1], found, imm: 16);
            results[r] = b.Vector(IrOp.VectorTable, shape, 1, indexes, v[2], found, imm: shape == VectorShape.Q ? 32u : 16u);
        }

        results.CopyTo(v);
    }

    private static int SourceWhenLoading(int register, int j, int size) => ((((j / size) * 3) + register) * size) + (j % size);

    private static int SourceWhenStoring(int position, int size, int bytes)
    {
        int element = position / size;
        return ((element % 3) * bytes) + ((element / 3) * size) + (position % size);
    }
}

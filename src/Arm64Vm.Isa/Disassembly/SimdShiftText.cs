using System.Numerics;

namespace Arm64Vm.Isa.Disassembly;

/// <summary>Advanced SIMD shifts by an immediate.</summary>
internal static class SimdShiftText
{
    private enum Shape
    {
        Same,
        Narrow,
        Widen,
    }

    public static void Write(ref A64TextWriter w, in A64Instruction i)
    {
        bool isScalar = A64Opcodes.Group(i.Opcode) == A64Group.SimdShiftImmediateScalar;
        // immh's highest set bit is the element size; the narrower size of a narrowing or widening shift.
        int size = BitOperations.Log2(i.Bits(22, 19));
        int bits = 8 << size;
        uint opcode = i.Bits(15, 11);
        Shape shape = opcode switch { >= 0x10 and <= 0x13 => Shape.Narrow, 0x14 => Shape.Widen, _ => Shape.Same };
        bool isLeft = opcode is 0x0a or 0x0c or 0x0e or 0x14;
        int amount = isLeft ? i.ImmHB - bits : 2 * bits - i.ImmHB;
        bool isExtend = shape == Shape.Widen && amount == 0;
        if (isExtend)
            w.Start(i.U ? "uxtl" : "sxtl");
        else
            w.Start(i.Opcode);
        if (shape != Shape.Same && !isScalar && i.Q)
            w.Append('2');
        if (isScalar)
        {
            w.Scalar(i.Rd, size);
            w.Scalar(i.Rn, shape == Shape.Narrow ? size + 1 : size);
        }
        else
        {
            w.Vector(i.Rd, shape == Shape.Widen ? size + 1 : size, shape == Shape.Widen || i.Q);
            w.Vector(i.Rn, shape == Shape.Narrow ? size + 1 : size, shape == Shape.Narrow || i.Q);
        }

        if (!isExtend)
            w.Decimal(amount);
    }
}

using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>The distinct pure operations that emitted code asks the oracle for, by index.</summary>
internal sealed class PureOperationTable
{
    private readonly record struct Key(IrOp Op, IrType Type, byte Size, VectorShape Shape, byte Aux, ulong Imm, int Operands);

    private readonly Dictionary<Key, uint> indexes = [];
    private readonly List<IrInst> operations = [];

    public int Count => operations.Count;

    public uint Intern(in IrInst operation)
    {
        Key key = new(operation.Op, operation.Type, operation.Size, operation.Shape, operation.Aux, operation.Imm, PresentOperands(operation));
        if (indexes.TryGetValue(key, out uint index))
            return index;
        index = (uint)operations.Count;
        operations.Add(operation);
        indexes.Add(key, index);
        return index;
    }

    /// <summary>Which of A–D there are: an absent operand has a meaning of its own (no table to fall back on, for example).</summary>
    private static int PresentOperands(in IrInst operation) =>
        (operation.A != 0 ? 1 : 0) | (operation.B != 0 ? 2 : 0) | (operation.C != 0 ? 4 : 0) | (operation.D != 0 ? 8 : 0);

    public IrInst this[uint index] => operations[(int)index];

    public void Clear()
    {
        indexes.Clear();
        operations.Clear();
    }
}

using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>The distinct pure operations that emitted code asks the oracle for, by index.</summary>
internal sealed class PureOperationTable
{
    private readonly record struct Key(IrOp Op, IrType Type, byte Size, VectorShape Shape, byte Aux, ulong Imm);

    private readonly Dictionary<Key, uint> indexes = [];
    private readonly List<IrInst> operations = [];

    public int Count => operations.Count;

    public uint Intern(in IrInst operation)
    {
        Key key = new(operation.Op, operation.Type, operation.Size, operation.Shape, operation.Aux, operation.Imm);
        if (indexes.TryGetValue(key, out uint index))
            return index;
        index = (uint)operations.Count;
        operations.Add(operation);
        indexes.Add(key, index);
        return index;
    }

    public IrInst this[uint index] => operations[(int)index];

    public void Clear()
    {
        indexes.Clear();
        operations.Clear();
    }
}

using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>The distinct pure operations that emitted code asks the oracle for, by index.</summary>
/// <remarks>Adding is done under the cache's lock; reading needs none, since an index reaches emitted code only after its operation is there.</remarks>
internal sealed class PureOperationTable
{
    public const int Capacity = 1 << 16;
    private const int FirstRoom = 64;

    private readonly record struct Key(IrOp Op, IrType Type, byte Size, VectorShape Shape, byte Aux, ulong Imm, int Operands);

    private readonly Dictionary<Key, uint> indexes = [];
    private IrInst[] operations = new IrInst[FirstRoom];

    public int Count { get; private set; }

    public uint Intern(in IrInst operation)
    {
        Key key = new(operation.Op, operation.Type, operation.Size, operation.Shape, operation.Aux, operation.Imm, PresentOperands(operation));
        if (indexes.TryGetValue(key, out uint index))
            return index;
        index = (uint)Count;
        if (Count == operations.Length)
        {
            IrInst[] grown = new IrInst[operations.Length * 2];
            operations.CopyTo(grown, 0);
            Volatile.Write(ref operations, grown);
        }

        operations[Count++] = operation;
        indexes.Add(key, index);
        return index;
    }

    /// <summary>Which of A–D there are: an absent operand has a meaning of its own (no table to fall back on, for example).</summary>
    private static int PresentOperands(in IrInst operation) =>
        (operation.A != 0 ? 1 : 0) | (operation.B != 0 ? 2 : 0) | (operation.C != 0 ? 4 : 0) | (operation.D != 0 ? 8 : 0);

    /// <summary>The operation with no more of its operands and its place than <see cref="Intern"/> looks at.</summary>
    public static IrInst WithoutNumbers(in IrInst operation) => operation with
    {
        A = (ushort)(operation.A != 0 ? 1 : 0),
        B = (ushort)(operation.B != 0 ? 1 : 0),
        C = (ushort)(operation.C != 0 ? 1 : 0),
        D = (ushort)(operation.D != 0 ? 1 : 0),
        Pc = 0,
    };

    public IrInst this[uint index] => Volatile.Read(ref operations)[(int)index];

    public void Clear()
    {
        indexes.Clear();
        Count = 0;
    }

    /// <summary>Clears it, and lets go of its room.</summary>
    public void GiveBack()
    {
        Clear();
        indexes.TrimExcess();
        Volatile.Write(ref operations, new IrInst[FirstRoom]);
    }
}

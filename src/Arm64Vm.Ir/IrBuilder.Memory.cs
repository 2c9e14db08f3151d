namespace Arm64Vm.Ir;

/// <summary>Memory, system and control operations.</summary>
internal sealed partial class IrBuilder
{
    public IrValue Load(IrType type, int size, IrValue address, long displacement = 0, MemoryFlags flags = MemoryFlags.None) =>
        Emit(IrOp.Load, type, address, size: size, aux: (int)flags, imm: (ulong)displacement);

    public void Store(int size, IrValue address, IrValue value, long displacement = 0, MemoryFlags flags = MemoryFlags.None) =>
        Emit(IrOp.Store, IrType.Void, address, value, size: size, aux: (int)flags, imm: (ulong)displacement);

    /// <summary>Two adjacent elements of <paramref name="size"/> bytes each.</summary>
    public (IrValue First, IrValue Second) LoadPair(IrType type, int size, IrValue address, long displacement = 0, MemoryFlags flags = MemoryFlags.None)
    {
        IrValue first = Emit(IrOp.LoadPair, type, address, size: size, aux: (int)flags, imm: (ulong)displacement);
        return (first, Emit(IrOp.Second, type, first));
    }

    public void StorePair(int size, IrValue address, IrValue first, IrValue second, long displacement = 0, MemoryFlags flags = MemoryFlags.None) =>
        Emit(IrOp.StorePair, IrType.Void, address, first, second, size: size, aux: (int)flags, imm: (ulong)displacement);

    /// <summary>Packs two signed offsets from the region's page into a terminator's immediate.</summary>
    public static ulong Targets(int low, int high = 0) => (uint)low | ((ulong)(uint)high << 32);

    /// <summary>Continues at an offset from the region's page.</summary>
    /// <param name="target">Bytes from the start of the page.</param>
    /// <param name="polls">Requests to the processor are looked at before, as after a context synchronization event.</param>
    public void Jump(int target, bool polls = false) => Emit(IrOp.Jump, IrType.Void, aux: polls ? 1 : 0, imm: Targets(target));

    /// <summary>Leaves with this instruction's address as PC.</summary>
    public void Exit(ExitReason reason, ulong payload = 0, IrValue value = default) =>
        Emit(IrOp.Exit, IrType.Void, value, aux: (int)reason, imm: payload);

    /// <summary>Leaves with the next instruction's address as PC.</summary>
    public void ExitAfter(ExitReason reason, ulong payload = 0, IrValue value = default) =>
        Emit(IrOp.ExitAfter, IrType.Void, value, aux: (int)reason, imm: payload);
}

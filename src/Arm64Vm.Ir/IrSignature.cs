namespace Arm64Vm.Ir;

/// <summary>A set of types; <see cref="IrType.Void"/> in it means that the operand may be absent.</summary>
[Flags]
internal enum IrTypes : byte
{
    None = 1 << IrType.Void,
    I32 = 1 << IrType.I32,
    I64 = 1 << IrType.I64,
    V128 = 1 << IrType.V128,
    Flags = 1 << IrType.Flags,
    Integer = I32 | I64,
    Any = Integer | V128,
}

internal static class IrTypesExtensions
{
    public static bool Admits(this IrTypes types, IrType type) => (((int)types >> (int)type) & 1) != 0;
}

/// <summary>The types that an operation takes and gives.</summary>
internal readonly record struct IrSignature(IrTypes Result, IrTypes A, IrTypes B, IrTypes C, IrTypes D)
{
    /// <summary>NZCV where the stored ones are out of date.</summary>
    private const IrTypes StaleFlags = IrTypes.None | IrTypes.Flags;

    /// <summary>Null for vector and floating-point operations, whose operands are all vectors or general registers.</summary>
    public static IrSignature? Of(in IrInst i)
    {
        if (IrOps.IsVector(i.Op) || IrOps.IsFloat(i.Op))
            return null;
        var t = (IrTypes)(1 << (int)i.Type);
        IrTypes data = i.Size switch { 16 => IrTypes.V128, 8 => IrTypes.I64 | IrTypes.V128, _ => IrTypes.Any };
        return i.Op switch
        {
            IrOp.Const => Make(IrTypes.Integer),
            IrOp.GetX or IrOp.PcPage or IrOp.ReadSystem => Make(IrTypes.I64),
            IrOp.SetX => Make(IrTypes.None, IrTypes.Integer),
            IrOp.GetV => Make(IrTypes.V128),
            IrOp.SetV => Make(IrTypes.None, IrTypes.V128),
            IrOp.GetFlags => Make(IrTypes.Flags),
            IrOp.SetFlags => Make(IrTypes.None, IrTypes.Flags),
            IrOp.MulHighSigned or IrOp.MulHighUnsigned => Make(IrTypes.I64, IrTypes.I64, IrTypes.I64),
            IrOp.Not or IrOp.Neg or (>= IrOp.CountLeadingZeros and <= IrOp.ReverseBytes) => Make(IrTypes.Integer, t),
            IrOp.BitsExtractUnsigned or IrOp.BitsExtractSigned => Make(IrTypes.Integer, t),
            IrOp.Truncate => Make(IrTypes.I32, IrTypes.I64),
            IrOp.ZeroExtend => Make(IrTypes.I64, IrTypes.I32),
            IrOp.SignExtend => Make(IrTypes.Integer, i.Type == IrType.I64 ? IrTypes.Integer : IrTypes.I32),
            IrOp.Crc32 => Make(IrTypes.I32, IrTypes.I32, i.Size == 8 ? IrTypes.I64 : IrTypes.I32),
            IrOp.AdcS or IrOp.SbcS => Make(IrTypes.Integer, t, t, IrTypes.Flags),
            IrOp.FlagsOf => Make(IrTypes.Flags, IrTypes.Integer),
            IrOp.CondCompare or IrOp.CondCompareNegative => Make(IrTypes.Flags, Wide(i.Size), Wide(i.Size), IrTypes.Flags),
            IrOp.Select => Make(IrTypes.Any, t, t, IrTypes.Flags),
            IrOp.FlagsToNzcv => Make(IrTypes.I32, IrTypes.Flags),
            IrOp.FlagsFromNzcv => Make(IrTypes.Flags, IrTypes.I32),
            >= IrOp.Add and <= IrOp.AndNotS => Make(IrTypes.Integer, t, t),
            IrOp.Load or IrOp.LoadPair => Make(i.Size == 16 ? IrTypes.V128 : IrTypes.Any, IrTypes.I64, d: StaleFlags),
            IrOp.Second => Make(IrTypes.Any, t),
            IrOp.LoadExclusive => Make(data, IrTypes.I64),
            IrOp.Store => Make(IrTypes.None, IrTypes.I64, data, d: StaleFlags),
            IrOp.StorePair => Make(IrTypes.None, IrTypes.I64, data, data, StaleFlags),
            IrOp.StoreExclusive => Make(IrTypes.I32, IrTypes.I64, data),
            IrOp.AtomicRmw => Make(IrTypes.Integer, IrTypes.I64, t),
            IrOp.CompareSwap => Make(data, IrTypes.I64, t, t),
            IrOp.ZeroBlock or IrOp.WriteSystem or IrOp.SystemOperation => Make(IrTypes.None, IrTypes.I64),
            IrOp.Count => Make(IrTypes.None, IrTypes.None | IrTypes.I64),
            IrOp.MemoryCopySet => Make(IrTypes.I64, IrTypes.I64, IrTypes.I64, IrTypes.I64, IrTypes.I32),
            IrOp.PointerAuth => Make(IrTypes.I64, IrTypes.I64, IrTypes.I64),
            IrOp.BranchCond => Make(IrTypes.None, IrTypes.Flags),
            IrOp.LeaveCond => Make(IrTypes.None, IrTypes.Flags, IrTypes.None | IrTypes.Flags),
            IrOp.LeaveZero or IrOp.LeaveNonZero => Make(IrTypes.None, Wide(i.Size), IrTypes.None | IrTypes.Flags),
            IrOp.LeaveBitClear or IrOp.LeaveBitSet => Make(IrTypes.None, i.Aux < 32 ? IrTypes.Integer : IrTypes.I64, IrTypes.None | IrTypes.Flags),
            IrOp.BranchZero or IrOp.BranchNonZero => Make(IrTypes.None, Wide(i.Size)),
            IrOp.BranchBitClear or IrOp.BranchBitSet => Make(IrTypes.None, i.Aux < 32 ? IrTypes.Integer : IrTypes.I64),
            IrOp.CallRegister or IrOp.JumpRegister or IrOp.Return => Make(IrTypes.None, IrTypes.I64),
            IrOp.Exit or IrOp.ExitAfter => Make(IrTypes.None, IrTypes.None | IrTypes.I64),
            _ => Make(IrTypes.None),
        };
    }

    private static IrTypes Wide(int size) => size == 8 ? IrTypes.I64 : IrTypes.I32;

    private static IrSignature Make(IrTypes result, IrTypes a = IrTypes.None, IrTypes b = IrTypes.None, IrTypes c = IrTypes.None, IrTypes d = IrTypes.None) =>
        new(result, a, b, c, d);
}

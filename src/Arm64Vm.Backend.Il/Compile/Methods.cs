using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.Intrinsics;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>The methods and fields that compiled code uses. Those of single operations are found by their names, once.</summary>
[RequiresDynamicCode("Instantiates generic methods at run time.")]
internal sealed class Methods
{
    private const BindingFlags Any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance;

    private readonly Dictionary<(string, int), MethodInfo?> found = [];
    private readonly Dictionary<(IrOp, IrType, byte, VectorShape, byte, bool), SemanticMethod?> semantics = [];

    public static Type Vector => typeof(Vector128<byte>);

    public static FieldInfo Targets { get; } = typeof(IlUnit).GetField(nameof(IlUnit.Targets))!;

    public static FieldInfo Guards { get; } = typeof(IlUnit).GetField(nameof(IlUnit.Guards))!;

    public static FieldInfo Stale { get; } = typeof(IlUnit).GetField(nameof(IlUnit.Stale))!;

    public static FieldInfo UsualStatus { get; } = typeof(IlUnit).GetField(nameof(IlUnit.UsualStatus))!;

    public static MethodInfo Careful { get; } = typeof(Exits).GetMethod(nameof(Exits.Careful))!;

    public static MethodInfo Rare { get; } = typeof(Exits).GetMethod(nameof(Exits.Rare))!;

    public static MethodInfo ComputeFlags { get; } = typeof(DeferredFlagsCode).GetMethod(nameof(DeferredFlagsCode.Compute))!;

    public static MethodInfo Leave { get; } = typeof(Exits).GetMethod(nameof(Exits.Leave))!;

    public static MethodInfo Link { get; } = typeof(Exits).GetMethod(nameof(Exits.Link))!;

    public static MethodInfo Raised { get; } = typeof(Exits).GetMethod(nameof(Exits.Raised))!;

    public static MethodInfo Indirect { get; } = typeof(Exits).GetMethod(nameof(Exits.Indirect))!;

    public static MethodInfo IndirectMiss { get; } = typeof(Exits).GetMethod(nameof(Exits.IndirectMiss))!;

    public static MethodInfo Load { get; } = typeof(Services).GetMethod(nameof(Services.Load))!;

    public static MethodInfo LoadPair { get; } = typeof(Services).GetMethod(nameof(Services.LoadPair))!;

    public static MethodInfo Store { get; } = typeof(Services).GetMethod(nameof(Services.Store))!;

    public static MethodInfo StorePair { get; } = typeof(Services).GetMethod(nameof(Services.StorePair))!;

    public static MethodInfo LoadExclusive { get; } = typeof(Services).GetMethod(nameof(Services.LoadExclusive))!;

    public static MethodInfo StoreExclusive { get; } = typeof(Services).GetMethod(nameof(Services.StoreExclusive))!;

    public static MethodInfo CompareSwap { get; } = typeof(Services).GetMethod(nameof(Services.CompareSwap))!;

    public static MethodInfo Atomic { get; } = typeof(Services).GetMethod(nameof(Services.Atomic))!;

    public static MethodInfo ZeroBlock { get; } = typeof(Services).GetMethod(nameof(Services.ZeroBlock))!;

    public static MethodInfo ReadSystem { get; } = typeof(Services).GetMethod(nameof(Services.ReadSystem))!;

    public static MethodInfo WriteSystem { get; } = typeof(Services).GetMethod(nameof(Services.WriteSystem))!;

    public static MethodInfo SystemOperation { get; } = typeof(Services).GetMethod(nameof(Services.SystemOperation))!;

    public static MethodInfo CompleteInvalidations { get; } = typeof(Services).GetMethod(nameof(Services.CompleteInvalidations))!;

    public static MethodInfo WritePState { get; } = typeof(Services).GetMethod(nameof(Services.WritePState))!;

    public static MethodInfo MemoryCopySet { get; } = typeof(Services).GetMethod(nameof(Services.MemoryCopySet))!;

    public static MethodInfo PointerAuth { get; } = typeof(Services).GetMethod(nameof(Services.PointerAuth))!;

    public static MethodInfo Evaluate { get; } = typeof(Oracle).GetMethod(nameof(Oracle.Evaluate))!;

    public static MethodInfo Crc32 { get; } = typeof(Crc32Code).GetMethod(nameof(Crc32Code.Update))!;

    public static MethodInfo Crc32C { get; } = typeof(Crc32Code).GetMethod(nameof(Crc32Code.UpdateC))!;

    public static MethodInfo ClearBlock { get; } = typeof(AtomicCode).GetMethod(nameof(AtomicCode.ClearBlock))!;

    public static MethodInfo HoldsGe { get; } = typeof(IntegerCode).GetMethod(nameof(IntegerCode.HoldsGe))!;

    public static MethodInfo HoldsGt { get; } = typeof(IntegerCode).GetMethod(nameof(IntegerCode.HoldsGt))!;

    public static MethodInfo FromWide { get; } = typeof(BitCode).GetMethod(nameof(BitCode.FromWide))!;

    public static MethodInfo FromWidePair { get; } = typeof(VectorCode).GetMethod(nameof(VectorCode.Const))!;

    public static MethodInfo FromNarrow { get; } = typeof(BitCode).GetMethod(nameof(BitCode.FromNarrow))!;

    public static MethodInfo FromDouble { get; } = typeof(BitCode).GetMethod(nameof(BitCode.FromDouble))!;

    public static MethodInfo FromSingle { get; } = typeof(BitCode).GetMethod(nameof(BitCode.FromSingle))!;

    public static MethodInfo ToWide { get; } = typeof(BitCode).GetMethod(nameof(BitCode.ToWide))!;

    public static MethodInfo ToDouble { get; } = typeof(BitCode).GetMethod(nameof(BitCode.ToDouble))!;

    public static MethodInfo ToSingle { get; } = typeof(BitCode).GetMethod(nameof(BitCode.ToSingle))!;

    public static MethodInfo FloatAbs { get; } = typeof(BitCode).GetMethod(nameof(BitCode.FloatAbs))!;

    public static MethodInfo FloatNeg { get; } = typeof(BitCode).GetMethod(nameof(BitCode.FloatNeg))!;

    public static MethodInfo MemoryBarrier { get; } = typeof(Interlocked).GetMethod(nameof(Interlocked.MemoryBarrier))!;

    /// <summary>The method that clears what is above <paramref name="size"/> bytes.</summary>
    public static MethodInfo ClearAbove(int size) => typeof(BitCode).GetMethod(size switch
    {
        8 => nameof(BitCode.LowHalf),
        4 => nameof(BitCode.LowWord),
        2 => nameof(BitCode.LowShort),
        _ => nameof(BitCode.LowByte),
    })!;

    public MethodInfo Integer(string name, bool wide) => Find(name + (wide ? "64" : "32"), 0, typeof(IntegerCode)) ?? throw new MissingMethodException(name);

    public MethodInfo AtomicOn(string name, int width) => Find(name + width, 0, typeof(AtomicCode)) ?? throw new MissingMethodException(name);

    /// <summary>Code for an operation, or null: the oracle's then.</summary>
    public SemanticMethod? Semantics(in IrInst inst, uint fpcr)
    {
        bool isPlain = IsPlain(fpcr);
        var key = (inst.Op, inst.Type, inst.Size, inst.Shape, IrOps.IsFloat(inst.Op) ? inst.Aux : (byte)0, isPlain);
        if (semantics.TryGetValue(key, out SemanticMethod? known))
            return known;
        string name = inst.Op.ToString();
        MethodInfo? method = IrOps.IsVector(inst.Op) ? ForVector(inst, name["Vector".Length..]) : ForFloat(inst, name["Float".Length..], isPlain);
        return semantics[key] = method is null ? null : new SemanticMethod(method);
    }

    /// <summary>Rounds to nearest, flushes nothing.</summary>
    public static bool IsPlain(uint fpcr) => (fpcr & ((3u << Ir.SoftFloat.FpcrBits.RModeShift) | Ir.SoftFloat.FpcrBits.FlushToZero)) == 0;

    private MethodInfo? ForVector(in IrInst inst, string name)
    {
        if (name.StartsWith("Aes", StringComparison.Ordinal) && !VectorCode.IsAesAccelerated)
            return null;
        if (inst.Op == IrOp.VectorAbs)
            name = nameof(VectorCode.AbsSigned);
        // Cryptography has one size, and a digit at the end of a name means another thing there.
        bool isCrypto = inst.Op is >= IrOp.VectorAesEncrypt and <= IrOp.VectorSm4Key;
        if (!isCrypto && Find(name + inst.Size, 0, typeof(VectorCode)) is { } exact)
            return exact;
        return Find(name, inst.Size, typeof(VectorCode));
    }

    /// <summary>Halves, other rounding modes and flushing are the oracle's.</summary>
    private MethodInfo? ForFloat(in IrInst inst, string name, bool isPlain)
    {
        if (inst.Op == IrOp.FloatAbs)
            return FloatAbs;
        if (inst.Op == IrOp.FloatNeg)
            return FloatNeg;
        if (inst.Size < 4 || !isPlain)
            return null;
        int width = inst.Size * 8;
        switch (inst.Op)
        {
            case IrOp.FloatToFixedSigned or IrOp.FloatToFixedUnsigned:
                return inst.Type == IrType.V128 ? null : Scalar($"{name}{width}To{(inst.Type == IrType.I64 ? 64 : 32)}", inst.Size);
            case IrOp.FloatFromFixedSigned or IrOp.FloatFromFixedUnsigned:
                return inst.Shape == VectorShape.Scalar ? Scalar($"{name}{width}From{inst.Aux * 8}", inst.Size) : null;
            case IrOp.FloatConvert:
                return Scalar($"{name}{width}To{inst.Aux * 8}", inst.Size);
            default:
                return inst.Shape == VectorShape.Scalar ? Scalar($"{name}{width}", inst.Size)
                    : inst.Shape == VectorShape.D && inst.Size == 8 ? null
                    : Find($"{name}{width}", 0, typeof(VectorFloatCode));
        }
    }

    private MethodInfo? Scalar(string name, int size) => size == 8 ? Find(name, 0, typeof(FloatCode64)) : Find(name, 0, typeof(FloatCode32));

    [UnconditionalSuppressMessage("Trimming", "IL2060", Justification = "The element type of a vector asks nothing of its argument.")]
    private MethodInfo? Find(
        string name, int size, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.NonPublicMethods)] Type type)
    {
        if (found.TryGetValue((type.Name + name, size), out MethodInfo? method))
            return method;
        method = type.GetMethod(name, Any);
        if (method is { IsPublic: false })
            method = null;
        if (method is { IsGenericMethodDefinition: true })
            method = size == 0 ? null : method.MakeGenericMethod(Element(size, name.EndsWith("Signed", StringComparison.Ordinal)));
        found[(type.Name + name, size)] = method;
        return method;
    }

    private static Type Element(int size, bool signed) => (size, signed) switch
    {
        (1, false) => typeof(byte),
        (2, false) => typeof(ushort),
        (4, false) => typeof(uint),
        (8, false) => typeof(ulong),
        (1, true) => typeof(sbyte),
        (2, true) => typeof(short),
        (4, true) => typeof(int),
        _ => typeof(long),
    };
}

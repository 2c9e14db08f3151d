namespace Arm64Vm.Ir;

/// <summary>A handle to the result of an IR instruction: its index in the region. Zero means "none".</summary>
internal readonly record struct IrValue(ushort Index)
{
    public static IrValue None => default;

    public bool IsNone => Index == 0;

    public override string ToString() => IsNone ? "-" : $"%{Index}";
}

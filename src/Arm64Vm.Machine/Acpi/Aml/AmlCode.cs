namespace Arm64Vm.Machine.Acpi.Aml;

/// <summary>Statements and operators (ACPI 6.5, 20.2.5.3 and 20.2.5.4).</summary>
internal static class AmlCode
{
    private const int NoTarget = 0x00; // a null name
    private const int LocalOp = 0x60;
    private const int ArgumentOp = 0x68;
    private const int StoreOp = 0x70;
    private const int AndOp = 0x7B;
    private const int OrOp = 0x7D;
    private const int NotifyOp = 0x86;
    private const int CreateDWordFieldOp = 0x8A;
    private const int NotOp = 0x92;
    private const int EqualOp = 0x93;
    private const int IfOp = 0xA0;
    private const int ElseOp = 0xA1;
    private const int ReturnOp = 0xA4;

    public static byte[] Local(int number) => [(byte)(LocalOp + number)];

    public static byte[] Argument(int number) => [(byte)(ArgumentOp + number)];

    public static byte[] Store(byte[] value, byte[] target) => AmlData.Join([StoreOp], value, target);

    public static byte[] And(byte[] left, byte[] right) => AmlData.Join([AndOp], left, right, [NoTarget]);

    /// <summary>Sets bits of an object.</summary>
    public static byte[] OrInto(byte[] target, ulong bits) => AmlData.Join([OrOp], target, AmlData.Integer(bits), target);

    public static byte[] Equal(byte[] left, byte[] right) => AmlData.Join([EqualOp], left, right);

    public static byte[] NotEqual(byte[] left, byte[] right) => AmlData.Join([NotOp], Equal(left, right));

    public static byte[] If(byte[] condition, params ReadOnlySpan<byte[]> terms) => AmlPackaging.Make([IfOp], condition, AmlData.Join(terms));

    /// <summary>Belongs to the <see cref="If"/> before it.</summary>
    public static byte[] Else(params ReadOnlySpan<byte[]> terms) => AmlPackaging.Make([ElseOp], AmlData.Join(terms));

    public static byte[] Return(byte[] value) => AmlData.Join([ReturnOp], value);

    public static byte[] Notify(string device, ulong value) => AmlData.Join([NotifyOp], AmlNames.Path(device), AmlData.Integer(value));

    /// <summary>Names four bytes of a buffer.</summary>
    public static byte[] CreateDWordField(byte[] buffer, ulong offset, string name) =>
        AmlData.Join([CreateDWordFieldOp], buffer, AmlData.Integer(offset), AmlNames.Path(name));
}

using System.Buffers.Binary;

namespace Arm64Vm.Machine.Boot;

/// <summary>The code that enters Linux as its boot protocol asks: x0 = device tree, x1 to x3 = 0, then a branch to the kernel.</summary>
internal static class BootStub
{
    /// <summary>Bytes of the stub.</summary>
    public const int Size = 40;

    private const int DeviceTreeSlot = 24;
    private const int KernelSlot = 32;

    public static byte[] Create(ulong deviceTree, ulong kernel)
    {
        ReadOnlySpan<uint> code =
        [
            0x5800_00C0, // ldr x0, .+24
            0xAA1F_03E1, // mov x1, xzr
            0xAA1F_03E2, // mov x2, xzr
            0xAA1F_03E3, // mov x3, xzr
            0x5800_0084, // ldr x4, .+16
            0xD61F_0080, // br  x4
        ];
        var stub = new byte[Size];
        for (var i = 0; i < code.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(stub.AsSpan(4 * i), code[i]);
        BinaryPrimitives.WriteUInt64LittleEndian(stub.AsSpan(DeviceTreeSlot), deviceTree);
        BinaryPrimitives.WriteUInt64LittleEndian(stub.AsSpan(KernelSlot), kernel);
        return stub;
    }
}

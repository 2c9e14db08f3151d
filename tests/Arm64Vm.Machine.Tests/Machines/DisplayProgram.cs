namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>A program that shows a picture of two pixels, 40 80 FF and black, by fw_cfg's DMA.</summary>
internal static class DisplayProgram
{
    private const ulong Descriptor = 0x4020_0000;
    private const ulong Configuration = 0x4020_0100;
    private const ulong Picture = 0x4030_0000;
    private const ulong DmaRegister = 0x0902_0010;

    /// <summary>The only file there is has the first key.</summary>
    private const ulong SelectAndWrite = 0x0020_0018;

    public static TestProgram Show(this TestProgram program)
    {
        Store(program, Picture, 0x0040_80FF);
        Store(program, Configuration, Swap(Picture));
        Store(program, Configuration + 8, Swap('X' | 'R' << 8 | '2' << 16 | (ulong)'4' << 24) >> 32); // format, no flags
        Store(program, Configuration + 16, Swap(2ul << 32 | 1));
        Store(program, Configuration + 24, 0);
        Store(program, Descriptor, Swap(SelectAndWrite << 32 | 28));
        Store(program, Descriptor + 8, Swap(Configuration));
        Store(program, DmaRegister, Swap(Descriptor));
        return program;
    }

    private static ulong Swap(ulong value) => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);

    private static void Store(TestProgram program, ulong address, ulong value) => program.Set(2, address).Set(3, value).Add(0xF900_0043); // str x3, [x2]
}

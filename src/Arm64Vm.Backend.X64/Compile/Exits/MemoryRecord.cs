using System.Numerics;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>The record behind a memory access's call to a slow-exit stub: a <see cref="SlowDescriptor"/> in one word, where execution goes on, and which probe windows end.</summary>
/// <remarks>
/// <code>
/// 3:0    kind (memory kinds are 0 to 8; the low four bits of all others are above)
/// 6:4    log2 of the access size
/// 9:7    type
/// 17:10  MemoryFlags or AtomicOperation
/// 33:18  destination, second destination, source, second source: host registers, 0 for none (rax and xmm0 are never operands)
/// 43:34  offset of the guest instruction in its page, divided by 4
/// 48:44  pool registers that hold the host address of a window: zero when execution goes on
/// 63:49  bytes from the place where execution goes on to the record; 0: it goes on behind the record
/// </code>
/// </remarks>
internal readonly struct MemoryRecord(ulong bits)
{
    public const int SizeInBytes = 8;

    /// <summary>Bytes of the jumps that stand between a stub's call and the record, over which an access goes on that the stub served.</summary>
    public const int FarJumpBytes = 5;
    public const int ShortJumpBytes = 2;

    private const int LastMemoryKind = (int)SlowKind.ZeroBlock;

    public ulong Bits { get; } = bits;

    /// <summary>From the start of the record to the place where execution goes on, in bytes.</summary>
    public int Resume => (int)(Bits >> 49) is var distance and not 0 ? -distance : SizeInBytes;

    /// <summary>Bit n: the n-th register of <see cref="HostAbi.PoolGpr"/> holds a window.</summary>
    public int Windows => (int)(Bits >> 44) & 31;

    /// <summary>True for the first byte of a record of this kind, false for that of a <see cref="SlowDescriptor"/>.</summary>
    public static bool Is(byte first) => (first & 15) <= LastMemoryKind;

    /// <summary>Bytes from behind a call to its record, by the first byte there: of a jump, as which no record begins, or none.</summary>
    public static int BytesBefore(byte first) => first switch
    {
        0xE9 => FarJumpBytes,
        0xEB => ShortJumpBytes,
        _ => 0,
    };

    public static MemoryRecord Pack(in SlowDescriptor descriptor, int windows, int resumeDistance)
    {
        ulong bits = (uint)descriptor.Kind
            | (uint)BitOperations.Log2((uint)Math.Max(descriptor.Size, (byte)1)) << 4
            | (uint)descriptor.Type << 7
            | (uint)descriptor.Aux << 10;
        bits |= Register(descriptor.Destination) << 18
            | Register(descriptor.Destination2) << 22
            | Register(descriptor.Source) << 26
            | Register(descriptor.Source2) << 30
            | (ulong)(uint)(descriptor.Pc >> 2) << 34
            | (ulong)(uint)windows << 44
            | (ulong)(uint)resumeDistance << 49;
        return new MemoryRecord(bits);
    }

    public SlowDescriptor Unpack()
    {
        SlowDescriptor descriptor = default;
        descriptor.Kind = (SlowKind)(Bits & 15);
        descriptor.Size = (byte)(1 << (int)((Bits >> 4) & 7));
        descriptor.Type = (IrType)((Bits >> 7) & 7);
        descriptor.Aux = (byte)(Bits >> 10);
        descriptor.Destination = Register((int)(Bits >> 18));
        descriptor.Destination2 = Register((int)(Bits >> 22));
        descriptor.Source = Register((int)(Bits >> 26));
        descriptor.Source2 = Register((int)(Bits >> 30));
        descriptor.Pc = (ushort)(((Bits >> 34) & 0x3FF) << 2);
        return descriptor;
    }

    /// <summary>Ends the windows of the record: their saved registers become zero.</summary>
    /// <remarks>SAFETY: <paramref name="context"/> is the context whose registers the exit saved.</remarks>
    public unsafe void EndWindows(GuestContext* context)
    {
        for (int set = Windows; set != 0; set &= set - 1)
            HostContext.Of(context)->Gpr[HostAbi.PoolGpr[BitOperations.TrailingZeroCount(set)]] = 0;
    }

    private static ulong Register(byte register) => register == SlowDescriptor.NoRegister ? 0UL : register;

    private static byte Register(int bits) => (bits & 15) == 0 ? SlowDescriptor.NoRegister : (byte)(bits & 15);
}

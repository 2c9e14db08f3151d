using System.Buffers.Binary;

namespace Arm64Vm.Devices.Gic.Its;

/// <summary>Command numbers (IHI 0069, 5.3).</summary>
internal enum ItsOperation : byte
{
    MoveInterrupt = 0x01,
    Interrupt = 0x03,
    Clear = 0x04,
    Synchronize = 0x05,
    MapDevice = 0x08,
    MapCollection = 0x09,
    MapTranslated = 0x0A,
    MapSame = 0x0B,
    Invalidate = 0x0C,
    InvalidateAll = 0x0D,
    MoveAll = 0x0E,
    Discard = 0x0F,
}

/// <summary>A command's 32 bytes, and where the commands have their fields in them.</summary>
internal readonly ref struct ItsCommand(ReadOnlySpan<byte> bytes)
{
    public const int Size = 32;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public ItsOperation Operation => (ItsOperation)_bytes[0];

    public uint Device => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[4..]);

    public uint Event => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[8..]);

    public uint Interrupt => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[12..]);

    /// <summary>Bits of an event, less one.</summary>
    public int EventBits => _bytes[8] & 0x1F;

    public ushort Collection => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[16..]);

    public ulong TableAddress => Third & 0xF_FFFF_FFFF_FF00;

    public bool IsValid => (Third >> 63) != 0;

    /// <summary>A processor's number, since GITS_TYPER.PTA is 0.</summary>
    public ulong Target => (Third >> 16) & 0x7_FFFF_FFFF;

    public ulong SecondTarget => (BinaryPrimitives.ReadUInt64LittleEndian(_bytes[24..]) >> 16) & 0x7_FFFF_FFFF;

    private ulong Third => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[16..]);
}

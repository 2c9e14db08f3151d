using System.Buffers.Binary;

namespace Arm64Vm.Devices.Sharing;

/// <summary>What statx(2) says of a file.</summary>
internal readonly struct FileStatus
{
    /// <summary>Bytes of struct statx.</summary>
    public const int Size = 256;

    public const uint TypeMask = 0xF000;
    public const uint TypePipe = 0x1000;
    public const uint TypeDirectory = 0x4000;
    public const uint TypeRegular = 0x8000;
    public const uint TypeSymLink = 0xA000;
    public const uint TypeSocket = 0xC000;

    private const uint HasBirthTime = 0x800;

    /// <param name="bytes">As the kernel wrote them.</param>
    /// <param name="home">The device of the share's root: inodes of others are told apart by it.</param>
    public FileStatus(ReadOnlySpan<byte> bytes, ulong home)
    {
        var mask = Int(bytes, 0);
        BlockSize = Int(bytes, 4);
        Links = Int(bytes, 16);
        Owner = Int(bytes, 20);
        Group = Int(bytes, 24);
        Mode = BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]);
        Length = Long(bytes, 40);
        Blocks = Long(bytes, 48);
        AccessTime = (Long(bytes, 64), Int(bytes, 72));
        BirthTime = (mask & HasBirthTime) != 0 ? (Long(bytes, 80), Int(bytes, 88)) : null;
        ChangeTime = (Long(bytes, 96), Int(bytes, 104));
        ModificationTime = (Long(bytes, 112), Int(bytes, 120));
        RawDevice = Encode(Int(bytes, 128), Int(bytes, 132));
        Device = ((ulong)Int(bytes, 136) << 32) | Int(bytes, 140);
        Inode = Long(bytes, 32) ^ (Device == home ? 0 : (Device * 0x9E37_79B9_7F4A_7C15) & 0xFFFF_0000_0000_0000);
    }

    public uint Mode { get; }

    public uint Owner { get; }

    public uint Group { get; }

    public uint Links { get; }

    public ulong Length { get; }

    public uint BlockSize { get; }

    public ulong Blocks { get; }

    public (ulong Seconds, uint Nanoseconds) AccessTime { get; }

    public (ulong Seconds, uint Nanoseconds) ModificationTime { get; }

    public (ulong Seconds, uint Nanoseconds) ChangeTime { get; }

    public (ulong Seconds, uint Nanoseconds)? BirthTime { get; }

    /// <summary>Of a device node, as Linux encodes it for user space.</summary>
    public ulong RawDevice { get; }

    /// <summary>The file system's.</summary>
    public ulong Device { get; }

    /// <summary>Unique within the share.</summary>
    public ulong Inode { get; }

    public uint Type => Mode & TypeMask;

    public byte QidType => Type switch { TypeDirectory => P9Messages.QidDirectory, TypeSymLink => P9Messages.QidSymLink, _ => 0 };

    /// <summary>Another one after every change that the host's clock tells apart.</summary>
    public uint QidVersion => (uint)(ModificationTime.Seconds * 1_000_000_007) ^ ModificationTime.Nanoseconds ^ (uint)(Length << 8);

    private static ulong Encode(uint major, uint minor) => (minor & 0xFF) | ((ulong)major << 8) | ((ulong)(minor & ~0xFFu) << 12);

    private static uint Int(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static ulong Long(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);
}

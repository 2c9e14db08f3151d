using System.Buffers.Binary;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic.Its;

/// <summary>A flat table in guest memory behind a GITS_BASER register (IHI 0069, 12.12.7). Entries have 8 bytes.</summary>
/// <param name="memory">Guest memory.</param>
/// <param name="type">What is in it: 1 devices, 4 collections.</param>
internal sealed class ItsTable(IGuestMemory memory, int type)
{
    public const int EntrySize = 8;

    private const ulong Valid = 1ul << 63;

    /// <summary>Valid, cacheability, address, shareability, page size and size can be written; two-level tables are not supported.</summary>
    private const ulong Writable = ~((1ul << 62) | (7ul << 56) | (0x1Ful << 48));

    private readonly ulong _fixed = ((ulong)type << 56) | ((ulong)(EntrySize - 1) << 48);
    private ulong _register;

    /// <summary>GITS_BASER.</summary>
    public ulong Register
    {
        get => _register | _fixed;
        set => _register = value & Writable;
    }

    /// <summary>Entries that the table has room for.</summary>
    private ulong Count => ((_register & 0xFF) + 1) * PageSize / EntrySize;

    private ulong PageSize => ((_register >> 8) & 3) switch { 0 => 4096, 1 => 16384, _ => 65536 };

    /// <summary>With 64 KiB pages bits 15:12 of the register are bits 51:48 of the address.</summary>
    private ulong Base => PageSize == 65536
        ? (_register & 0xFFFF_FFFF_0000) | ((_register & 0xF000) << 36)
        : _register & 0xFFFF_FFFF_F000;

    /// <summary>Reads an entry; 0, which is invalid, where there is none.</summary>
    public ulong Read(ulong index) =>
        (_register & Valid) != 0 && index < Count ? Read(memory, Base + index * EntrySize) : 0;

    /// <summary>Writes an entry; false where there is none.</summary>
    public bool TryWrite(ulong index, ulong value) =>
        (_register & Valid) != 0 && index < Count && TryWrite(memory, Base + index * EntrySize, value);

    public static ulong Read(IGuestMemory memory, ulong address)
    {
        Span<byte> bytes = stackalloc byte[EntrySize];
        return memory.TryRead(address, bytes) ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;
    }

    public static bool TryWrite(IGuestMemory memory, ulong address, ulong value)
    {
        Span<byte> bytes = stackalloc byte[EntrySize];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return memory.TryWrite(address, bytes);
    }
}

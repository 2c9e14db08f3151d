using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit.Images;

/// <summary>What a translation depends on besides guest bytes, its place in the page, and what is the same for a whole run.</summary>
/// <param name="Mode">The processor's mode.</param>
/// <param name="CountsInstructions">The code counts its guest instructions.</param>
/// <param name="Returns">The code returns to the run loop instead of going to another unit.</param>
internal readonly record struct UnitVariant(TranslationMode Mode, bool CountsInstructions, bool Returns)
{
    /// <summary>What is not in <see cref="Mode"/>, below 4.</summary>
    public uint Options => (CountsInstructions ? 1u : 0) | (Returns ? 2u : 0);

    /// <summary>False for what is not worth keeping, or depends on what has no content: where a debugger stops.</summary>
    public bool IsKept => !Mode.SingleStep && Mode.StopSet == 0;
}

/// <summary>A constant that code refers to.</summary>
internal struct ConstantReference
{
    public ulong Low;
    public ulong High;
    public long Field;
}

/// <summary>An operation of the oracle that code asks for, without its operands' numbers: only which of them there are.</summary>
internal struct OperationReference
{
    public IrInst Operation;
    public long Field;
}

/// <summary>A compiled unit that depends neither on its place in memory nor on the cache that it was compiled in.</summary>
/// <remarks>
/// <code>
/// 0     UnitImageHeader
/// 72    operations    32 bytes each
///       constants     24 bytes each
///       link sites    sizeof(LinkSite) each; offsets from the start of the code
///       guest bytes   of the page, [DependencyStart, DependencyEnd)
///       code          distances to stubs as if it were at the start of the code buffer, those to constants as if the constant were there as well, indexes zero
///       stubs         2 bytes each: offset in the code of a distance to a stub
///       crossings     2 bytes each: offset of a distance between hot and cold code
///       zeros         to a multiple of 8
/// </code>
/// SAFETY: <paramref name="address"/> is that of a whole image, which stays where it is while this is used.
/// </remarks>
internal readonly unsafe struct UnitImage(byte* address)
{
    /// <summary>Larger code has no image: fields of two bytes must reach all of it.</summary>
    public const int LargestCode = ushort.MaxValue;

    /// <summary>
    /// Bytes of guest code that <see cref="Hash"/> looks at, though a unit may be shorter: the functions of a kernel that can trace them begin with the same six
    /// instructions, and at one place of a page or another of 256.
    /// </summary>
    private const int HashedBytes = 32;

    public ref readonly UnitImageHeader Header => ref *(UnitImageHeader*)address;

    public ReadOnlySpan<byte> Bytes => new(address, Header.Size);

    public ReadOnlySpan<OperationReference> Operations => new(address + sizeof(UnitImageHeader), Header.Operations);

    public ReadOnlySpan<ConstantReference> Constants => new(address + ConstantsOffset, Header.Constants);

    public ReadOnlySpan<LinkSite> Sites => new(address + SitesOffset, Header.Sites);

    public ReadOnlySpan<byte> Guest => new(address + GuestOffset, GuestBytes);

    public ReadOnlySpan<byte> Code => new(address + CodeOffset, Header.Draft.CodeSize);

    public ReadOnlySpan<ushort> Stubs => new(address + StubsOffset, Header.Stubs);

    public ReadOnlySpan<ushort> Crossings => new(address + CrossingsOffset, Header.Crossings);

    private int GuestBytes => Header.Draft.DependencyEnd - Header.Draft.DependencyStart;

    private int ConstantsOffset => sizeof(UnitImageHeader) + (Header.Operations * sizeof(OperationReference));

    private int SitesOffset => ConstantsOffset + (Header.Constants * sizeof(ConstantReference));

    private int GuestOffset => SitesOffset + (Header.Sites * sizeof(LinkSite));

    private int CodeOffset => GuestOffset + GuestBytes;

    private int StubsOffset => CodeOffset + ((Header.Draft.CodeSize + 1) & ~1);

    private int CrossingsOffset => StubsOffset + (Header.Stubs * sizeof(ushort));

    /// <summary>Bytes that an image with this header takes.</summary>
    public int RequiredSize => (CrossingsOffset + (Header.Crossings * sizeof(ushort)) + 7) & ~7;

    /// <summary>True where the image is what was written: its <paramref name="available"/> bytes hold all of it, and its checksum is right.</summary>
    public bool IsIntact(long available) =>
        available >= sizeof(UnitImageHeader)
        && Header.Size >= sizeof(UnitImageHeader) && Header.Size <= available
        && Header.Draft.DependencyStart >= 0 && Header.Draft.DependencyEnd is var end && end <= 4096 && end > Header.Draft.DependencyStart
        && Header.Draft.CodeSize is > 0 and <= LargestCode
        && Header.Draft.HotSize is >= 0 && Header.Draft.HotSize <= Header.Draft.CodeSize
        && Header.Size == RequiredSize
        && Header.Checksum == Checksum(Bytes);

    /// <summary>True where the image was made from what is at <paramref name="offset"/> of a page now.</summary>
    /// <param name="variant">How the translation would be made.</param>
    /// <param name="page">The page's 4096 bytes.</param>
    /// <param name="offset">Of the first instruction, in the page.</param>
    public bool Fits(in UnitVariant variant, byte* page, int offset)
    {
        ref readonly UnitImageHeader header = ref Header;
        return header.Mode == variant.Mode.Bits && header.Options == variant.Options && header.Draft.PageOffset == offset
            && Guest.SequenceEqual(new ReadOnlySpan<byte>(page + header.Draft.DependencyStart, GuestBytes));
    }

    /// <summary>Under which an image is looked up: of its place in the page, its variant and its first instructions.</summary>
    public static ulong Hash(in UnitVariant variant, byte* page, int offset)
    {
        ulong hash = ((ulong)variant.Mode.Bits << 13) | (uint)offset | variant.Options;
        byte* end = page + Math.Min(offset + HashedBytes, 4096);
        byte* next = page + offset;
        for (; next <= end - sizeof(ulong); next += sizeof(ulong))
            hash = Mix(hash ^ Unsafe.ReadUnaligned<ulong>(next));
        if (next < end)
            hash = Mix(hash ^ *(uint*)next);
        return hash;
    }

    private static ulong Mix(ulong hash)
    {
        hash *= 0x9E3779B97F4A7C15UL;
        return hash ^ (hash >> 32);
    }

    /// <summary>Of everything in an image behind the checksum (CRC-32C).</summary>
    public static uint Checksum(ReadOnlySpan<byte> image)
    {
        uint sum = uint.MaxValue;
        ReadOnlySpan<byte> summed = image[sizeof(uint)..];
        sum = BitOperations.Crc32C(sum, MemoryMarshal.Read<uint>(summed));
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(summed[sizeof(uint)..]))
            sum = BitOperations.Crc32C(sum, word);
        return sum;
    }
}

/// <summary>The first bytes of a <see cref="UnitImage"/>.</summary>
internal struct UnitImageHeader
{
    /// <summary>See <see cref="UnitImage.Checksum"/>.</summary>
    public uint Checksum;

    /// <summary>Bytes of the image, a multiple of 8.</summary>
    public int Size;

    /// <summary>See <see cref="UnitImage.Hash"/>.</summary>
    public ulong Hash;

    /// <summary><see cref="TranslationMode.Bits"/>.</summary>
    public uint Mode;

    /// <summary><see cref="UnitVariant.Options"/>.</summary>
    public uint Options;

    /// <summary>Numbers of the parts' elements.</summary>
    public int Operations;
    public int Constants;
    public int Sites;
    public int Stubs;
    public int Crossings;

    public UnitDraft Draft;
}

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>Numbers of the format (QEMU, docs/interop/qcow2). Everything in an image is big-endian.</summary>
internal static class Qcow2Format
{
    /// <summary>"QFI" and 0xFB.</summary>
    public const uint Magic = 0x5146_49FB;

    /// <summary>Bytes of a version 2 header, and of what every header begins with.</summary>
    public const int HeaderSizeV2 = 72;

    /// <summary>The smallest version 3 header.</summary>
    public const int HeaderSizeV3 = 104;

    public const int MinimumClusterBits = 9;
    public const int MaximumClusterBits = 21;

    /// <summary>Bytes; as QEMU has them. They keep an image from making its reader hold much memory.</summary>
    public const long MaximumL1Bytes = 32 << 20;

    public const long MaximumRefcountTableBytes = 8 << 20;

    public const int MaximumSnapshots = 65536;

    public const int MaximumBackingName = 1023;

    // Offsets of header fields that are written on their own.
    public const int SizeField = 24;
    public const int L1Field = 36;
    public const int RefcountTableField = 48;
    public const int IncompatibleField = 72;
    public const int AutoclearField = 88;

    // Incompatible features.
    public const ulong Dirty = 1 << 0;
    public const ulong Corrupt = 1 << 1;
    public const ulong ExternalData = 1 << 2;
    public const ulong CompressionTypeField = 1 << 3;
    public const ulong ExtendedL2 = 1 << 4;

    /// <summary>Those an image may have here.</summary>
    public const ulong SupportedIncompatible = Dirty | Corrupt | CompressionTypeField;

    /// <summary>Compatible feature: refcounts may lag behind while the image is marked dirty.</summary>
    public const ulong LazyRefcounts = 1 << 0;

    /// <summary>Autoclear feature: the bitmaps extension is up to date.</summary>
    public const ulong BitmapsValid = 1 << 0;

    // Header extensions.
    public const uint ExtensionEnd = 0;
    public const uint ExtensionBackingFormat = 0xE279_2ACA;
    public const uint ExtensionFeatureNames = 0x6803_F857;
    public const uint ExtensionBitmaps = 0x2385_2875;

    /// <summary>In L1, L2 and the refcount table: bits 9-55 of the host offset.</summary>
    public const ulong OffsetMask = 0x00FF_FFFF_FFFF_FE00;

    /// <summary>In L1 and L2: what the entry points to has a reference count of exactly one, so it may be written in place.</summary>
    public const ulong Copied = 1ul << 63;

    public const ulong Compressed = 1ul << 62;

    /// <summary>In L2, version 3: reads as zeros, whatever the offset.</summary>
    public const ulong Zero = 1;

    /// <summary>Bits of standard entries that must be 0.</summary>
    public const ulong ReservedL1 = ~(Copied | OffsetMask);

    public const ulong ReservedL2 = ~(Copied | OffsetMask | Zero);

    public const ulong ReservedRefcountTable = 0x1FF;
}

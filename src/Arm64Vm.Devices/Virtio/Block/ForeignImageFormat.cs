using System.Buffers.Binary;

namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>Recognizes images of virtual disks that are not raw: used as raw ones, they would be garbage to the guest, and a write would damage them.</summary>
internal static class ForeignImageFormat
{
    /// <summary>Bytes from the image's start that <see cref="Recognize"/> looks at.</summary>
    public const int HeaderSize = 0x44;

    /// <summary>The name of the one that disks may have.</summary>
    public const string Qcow2 = "qcow2";

    /// <summary>The names of those that are only converted.</summary>
    public const string Vmdk = "VMDK";

    /// <inheritdoc cref="Vmdk"/>
    public const string Vhdx = "VHDX";

    private const int VdiSignatureOffset = 0x40;
    private const uint VdiSignature = 0xBEDA_107F;

    /// <summary>The format's name; null where the header is none of those known.</summary>
    /// <param name="header">The image's first bytes; fewer than <see cref="HeaderSize"/> are enough for most formats.</param>
    public static string? Recognize(ReadOnlySpan<byte> header)
    {
        if (header.StartsWith((ReadOnlySpan<byte>)[(byte)'Q', (byte)'F', (byte)'I', 0xFB]))
            return Qcow2;
        if (header.StartsWith("QED\0"u8))
            return "QED";
        if (header.StartsWith("KDMV"u8) || header.StartsWith("# Disk DescriptorFile"u8))
            return Vmdk;
        if (header.StartsWith("vhdxfile"u8))
            return Vhdx;
        if (header.StartsWith("conectix"u8))
            return "VHD";
        return header.Length >= HeaderSize && BinaryPrimitives.ReadUInt32LittleEndian(header[VdiSignatureOffset..]) == VdiSignature ? "VDI" : null;
    }
}

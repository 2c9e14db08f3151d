using Arm64Vm.Machine.Boot;

namespace Arm64Vm.Machine.Acpi.Aml;

/// <summary>Terms that say how long they are (PkgLength, ACPI 6.5, 20.2.4).</summary>
internal static class AmlPackaging
{
    /// <summary>Lengths below this fit into one byte; above, the first byte has four bits and counts the bytes that follow.</summary>
    private const int OneByteLimit = 1 << 6;

    /// <summary>Joins opcode, length and contents.</summary>
    public static byte[] Make(ReadOnlySpan<byte> opcode, params ReadOnlySpan<byte[]> contents)
    {
        var body = AmlData.Join(contents);
        return new LittleEndianWriter().Bytes(opcode).Bytes(Length(body.Length)).Bytes(body).ToArray();
    }

    /// <summary>The length that covers itself and <paramref name="bodyLength"/> bytes.</summary>
    public static byte[] Length(int bodyLength)
    {
        if (bodyLength + 1 < OneByteLimit)
            return [(byte)(bodyLength + 1)];
        for (var extra = 1; extra <= 3; extra++)
        {
            var length = bodyLength + 1 + extra;
            if (length >= 1 << (4 + 8 * extra))
                continue;
            var bytes = new byte[1 + extra];
            bytes[0] = (byte)((extra << 6) | (length & 15));
            for (var i = 0; i < extra; i++)
                bytes[1 + i] = (byte)(length >> (4 + 8 * i));
            return bytes;
        }

        throw new ArgumentOutOfRangeException(nameof(bodyLength), "A term has at most 2^28 bytes.");
    }
}

using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Arm64Vm.Devices.Net;

/// <summary>The sum in IP, TCP and UDP headers (RFC 1071).</summary>
internal static class InternetChecksum
{
    /// <summary>Completes a checksum that holds the sum of the pseudo header only.</summary>
    /// <returns>False: the header's offsets lie outside the frame, which is unchanged.</returns>
    public static bool TryComplete(Span<byte> frame, int start, int offset)
    {
        if (start + offset + 2 > frame.Length)
            return false;
        var sum = Fold(Sum(frame[start..]));
        BinaryPrimitives.WriteUInt16BigEndian(frame[(start + offset)..], sum == ushort.MaxValue ? sum : (ushort)~sum);
        return true;
    }

    /// <summary>Adds big-endian words, to be folded; an odd last byte is the upper half of one.</summary>
    public static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        // The sum is the same for every byte order, but for the order of its own bytes (RFC 1071, 2.B).
        ulong sum = 0;
        if (Vector.IsHardwareAccelerated && bytes.Length >= 2 * Vector<byte>.Count)
        {
            var vectors = MemoryMarshal.Cast<byte, Vector<uint>>(bytes);
            Vector<ulong> low = default, high = default;
            foreach (var vector in vectors)
            {
                Vector.Widen(vector, out var first, out var second);
                low += first;
                high += second;
            }

            // At most 65,554 bytes: no lane can overflow.
            sum = Vector.Sum(low) + Vector.Sum(high);
            bytes = bytes[(vectors.Length * Vector<byte>.Count)..];
        }

        for (; bytes.Length >= 4; bytes = bytes[4..])
            sum += BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (bytes.Length >= 2)
        {
            sum += BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            bytes = bytes[2..];
        }

        if (bytes.Length == 1)
            sum += bytes[0];
        return BinaryPrimitives.ReverseEndianness(FoldWords(sum));
    }

    /// <summary>Folds a sum of such sums into 16 bits.</summary>
    public static ushort Fold(ulong sum) => FoldWords(sum);

    private static ushort FoldWords(ulong sum)
    {
        sum = (sum & uint.MaxValue) + (sum >> 32);
        sum = (sum & uint.MaxValue) + (sum >> 32);
        sum = (sum & ushort.MaxValue) + (sum >> 16);
        sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)((sum & ushort.MaxValue) + (sum >> 16));
    }
}

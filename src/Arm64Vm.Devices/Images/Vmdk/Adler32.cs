namespace Arm64Vm.Devices.Images.Vmdk;

/// <summary>The checksum of a stream of zlib (RFC 1950, 8.2).</summary>
internal static class Adler32
{
    private const uint Base = 65521;

    /// <summary>As many bytes of 255 can be added before the second sum is beyond 32 bits.</summary>
    private const int MostAtOnce = 5552;

    public static uint Compute(ReadOnlySpan<byte> data)
    {
        uint first = 1;
        uint second = 0;
        while (data.Length > 0)
        {
            var part = data[..Math.Min(data.Length, MostAtOnce)];
            foreach (var value in part)
            {
                first += value;
                second += first;
            }

            (first, second) = (first % Base, second % Base);
            data = data[part.Length..];
        }

        return (second << 16) | first;
    }
}

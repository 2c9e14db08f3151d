using Arm64Vm.Devices.Images;
using Arm64Vm.Devices.Images.Qcow2;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>Damaged images are refused or give errors; nothing else happens, and no write spoils the tables.</summary>
/// <remarks>How long, and from which seed: <see cref="FuzzSeeds"/>.</remarks>
[Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
public sealed class Qcow2FuzzTests : IDisposable
{
    private const int Size = 1 << 20;

    private readonly ImageFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    [InlineData(65536)]
    public void ADamagedImageIsAnErrorAndNothingElse(int clusterSize)
    {
        var path = _folder.MakeQcow2("disk.qcow2", Size, new Qcow2Options { ClusterSize = clusterSize });
        using (var image = DiskImage.Open(path, readOnly: false))
        {
            Assert.True(image.Disk.TryWrite(0, new byte[Size / 2]));
            Assert.True(image.Disk.TryWriteZeroes(0, Size / 4, mayUnmap: true));
        }

        var whole = File.ReadAllBytes(path);
        foreach (var seed in FuzzSeeds.For(TimeSpan.FromSeconds(3)))
        {
            var random = new Random(seed);
            File.WriteAllBytes(path, Damage(whole, random, clusterSize));
            Use(path, random, $"seed {seed}");
        }
    }

    private static byte[] Damage(byte[] whole, Random random, int clusterSize)
    {
        var bytes = random.Next(8) == 0 ? whole[..random.Next(whole.Length)] : (byte[])whole.Clone();
        for (var i = random.Next(1, 8); i > 0 && bytes.Length > 112; i--)
        {
            // In the header, in the tables behind it, or anywhere; a bit, a byte, a word that may be an offset.
            var at = random.Next(3) switch { 0 => random.Next(112), 1 => random.Next(Math.Min(bytes.Length, 8 * clusterSize)), _ => random.Next(bytes.Length) };
            switch (random.Next(3))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                default:
                    var value = (ulong)random.Next(64) * (ulong)clusterSize | (random.Next(2) == 0 ? 1ul << 63 : 0) | (random.Next(6) == 0 ? 1ul << 62 : 0);
                    var word = BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value));
                    word.AsSpan(0, Math.Min(8, bytes.Length - (at & ~7))).CopyTo(bytes.AsSpan(at & ~7));
                    break;
            }
        }

        return bytes;
    }

    private static void Use(string path, Random random, string seed)
    {
        try
        {
            ImageFolder.Check(path);
            using (var image = DiskImage.Open(path, readOnly: random.Next(4) == 0, DiskFormat.Qcow2))
            {
                for (var i = 0; i < 30; i++)
                {
                    var offset = (ulong)random.NextInt64((long)Math.Min(image.Disk.Size, 2 * Size));
                    var buffer = new byte[Math.Min((ulong)random.Next(70_000), image.Disk.Size - offset)];
                    switch (random.Next(6))
                    {
                        case 0:
                            image.Disk.TryRead(offset, buffer);
                            break;
                        case 1:
                            image.Disk.TryDiscard(offset, (ulong)buffer.Length);
                            break;
                        case 2:
                            image.Disk.TryWriteZeroes(offset, (ulong)buffer.Length, random.Next(2) == 0);
                            break;
                        case 3:
                            image.Disk.TryFlush();
                            break;
                        case 4:
                            image.Disk.TryReadAtOnce(offset, buffer);
                            break;
                        default:
                            image.Disk.TryWrite(offset, buffer);
                            break;
                    }
                }
            }

            using var file = ImageFolder.OpenFile(path, readOnly: false);
            Qcow2Repair.Run(file);
        }
        catch (IOException)
        {
            // Refused.
        }
        catch (Exception e)
        {
            Assert.Fail($"{seed}: {e}");
        }
    }
}

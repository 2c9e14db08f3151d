using Arm64Vm.Devices.Images;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>Damaged VMDK and VHDX images are refused or give errors; nothing else happens, and little memory is taken.</summary>
/// <remarks>How long, and from which seed: <see cref="FuzzSeeds"/>.</remarks>
[Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
public sealed class ForeignImageFuzzTests : IDisposable
{
    /// <summary>docs/disks.md promises it.</summary>
    private const long MostMemory = 32 << 20;

    private readonly ImageFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("vmdk", "monolithicSparse")]
    [InlineData("vmdk", "streamOptimized")]
    [InlineData("vmdk", "twoGbMaxExtentSparse")]
    [InlineData("vhdx", "dynamic")]
    public void ADamagedImageIsAnErrorAndNothingElse(string format, string subformat)
    {
        QemuImg.Require();
        var content = new byte[2 << 20];
        new Random(1).NextBytes(content.AsSpan(0, 300_000));
        File.WriteAllBytes(_folder["raw.img"], content);
        var path = _folder[$"disk.{format}"];
        QemuImg.Image("convert", "-f", "raw", "-O", format, "-o", $"subformat={subformat}", _folder["raw.img"], path);
        var whole = File.ReadAllBytes(path);
        foreach (var seed in FuzzSeeds.For(TimeSpan.FromSeconds(3)))
        {
            var random = new Random(seed);
            File.WriteAllBytes(path, Damage(whole, random, format));
            Use(path, random, $"seed {seed}");
        }
    }

    private static byte[] Damage(byte[] whole, Random random, string format)
    {
        var bytes = random.Next(8) == 0 ? whole[..random.Next(1, whole.Length)] : (byte[])whole.Clone();
        for (var i = random.Next(1, 6); i > 0 && bytes.Length > 512; i--)
        {
            var at = format == "vhdx"
                ? random.Next(5) switch { 0 => (1 << 16) + random.Next(80), 1 => (3 << 16) + random.Next(100), 2 => (2 << 20) + random.Next(300), 3 => (2 << 20) + 65536 + random.Next(64), _ => (3 << 20) + random.Next(64) }
                : random.Next(3) switch { 0 => random.Next(80), 1 => random.Next(Math.Min(bytes.Length, 16384)), _ => random.Next(bytes.Length) };
            if (at >= bytes.Length - 8)
                continue;
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    BitConverter.TryWriteBytes(bytes.AsSpan(at & ~3), random.Next(64));
                    break;
                default:
                    BitConverter.TryWriteBytes(bytes.AsSpan(at & ~3), random.NextInt64() >>> random.Next(64));
                    break;
            }
        }

        // What is behind the checksums is only reached with right ones.
        if (format == "vhdx" && bytes.Length > 5 << 16)
        {
            foreach (var (offset, size) in (ReadOnlySpan<(int, int)>)[(1 << 16, 4096), (2 << 16, 4096), (3 << 16, 65536), (4 << 16, 65536)])
                VhdxFile.Seal(bytes.AsSpan(offset, size));
        }

        return bytes;
    }

    private static void Use(string path, Random random, string seed)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            _ = ImageInfo.Read(path);
            using var image = ImageSource.Open(path, null);
            var buffer = new byte[70_000];
            ulong at = 0;
            for (var i = 0; i < 50; i++)
            {
                if (image.Disk is ISparseDisk sparse && random.Next(2) == 0 && !sparse.TryFindData(at, out at, out _))
                    at = 0;
                image.Disk.TryRead(at, buffer.AsSpan(0, (int)Math.Min((ulong)random.Next(buffer.Length), image.Disk.Size - at)));
                at = (ulong)random.NextInt64((long)image.Disk.Size);
            }
        }
        catch (IOException)
        {
            // Refused.
        }
        catch (Exception e)
        {
            Assert.Fail($"{seed}: {e}");
        }

        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(taken < MostMemory, $"{seed}: {taken} bytes");
    }
}

using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Translation.Jit.Images;
using Arm64Vm.Translation.Tests.Golden;
using Arm64Vm.Translation.Tests.Verification;

namespace Arm64Vm.Translation.Tests.Jit.Images;

/// <summary>An image holds everything that a unit depends on, and nothing of the place where it was compiled.</summary>
public unsafe class UnitImageTests
{
    private static List<GoldenSnippet> Snippets =>
    [
        .. Directory.EnumerateFiles(Path.Combine(VectorDirectory.Path, "..", "Arm64Vm.Translation.Tests", "Golden"), "*.txt")
            .Order(StringComparer.Ordinal)
            .Select(path => GoldenSnippet.Parse(File.ReadAllLines(path))),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AUnitMovedIntoAnotherCacheIsWhatCompilingItThereGives(bool counts)
    {
        using ImageBench first = new(1 << 20, HostFeatures.Detect());
        using ImageBench second = new(3 << 20, HostFeatures.Detect());
        List<GoldenSnippet> snippets = Snippets;
        int units = 0;
        int references = 0;

        // Constants, operations and code are at other places in the second cache.
        foreach (GoldenSnippet snippet in Enumerable.Reverse(snippets))
        {
            second.Load(snippet.Start, snippet.Words);
            second.Compile(new UnitVariant(snippet.Mode, counts, false), snippet.Start);
            second.Writer.Advance(second.Draft with { CodeSize = second.Draft.CodeSize + 16 });
            Assert.True(second.Writer.End - second.Writer.Position > (64 << 10) || second.Cache.TryTakeChunk(second.Writer));
        }

        foreach (GoldenSnippet snippet in snippets)
        {
            first.Load(snippet.Start, snippet.Words);
            second.Load(snippet.Start, snippet.Words);
            UnitVariant variant = new(snippet.Mode, counts, false);
            for (int offset = snippet.Start; offset < snippet.End; offset += first.Draft.GuestSize)
            {
                UnitImage image = first.Compile(variant, offset);
                Assert.True(image.IsIntact(image.Header.Size), snippet.Title);
                Assert.True(image.Fits(variant, second.Page, offset), snippet.Title);

                UnitImage there = second.Compile(variant, offset);
                Assert.True(image.Bytes.SequenceEqual(there.Bytes), $"{snippet.Title}: the image depends on the place");
                byte[] compiled = second.Code.ToArray();
                var sites = second.Writer.Sites.ToArray();

                Assert.True(second.Cache.TryInstall(image, second.Writer));
                Assert.True(compiled.AsSpan().SequenceEqual(second.Code), $"{snippet.Title}: the installed code differs");
                Assert.Equal(sites, second.Writer.Sites.ToArray());

                // The same again with slow paths apart.
                second.Cache.MoveCold(second.Writer, image);
                byte[] hot = second.Code[..second.Draft.HotSize].ToArray();
                byte[] cold = second.Cold.ToArray();
                sites = second.Writer.Sites.ToArray();
                second.Compile(variant, offset);
                second.MoveCold();
                Assert.True(hot.AsSpan().SequenceEqual(second.Code[..second.Draft.HotSize]), $"{snippet.Title}: hot code differs when slow paths are apart");
                Assert.True(cold.AsSpan().SequenceEqual(second.Cold), $"{snippet.Title}: slow paths differ when they are apart");
                Assert.Equal(sites, second.Writer.Sites.ToArray());
                units++;
                references += image.Stubs.Length + image.Constants.Length + image.Operations.Length;
                first.Writer.Advance(first.Draft);
            }
        }

        Assert.True(units > 250, $"{units} units");
        Assert.True(references > units, $"{references} references");
    }

    [Fact]
    public void AChangeOfAnyByteOfAnImageIsSeen()
    {
        using ImageBench bench = new(1 << 20, HostFeatures.Detect());
        // ldr x0, [x1]; fadd d0, d1, d2; cbz x0, .+8; ret
        bench.Load(0x100, [0xF940_0020, 0x1E62_2820, 0xB400_0040, 0xD65F_03C0]);
        byte[] image = bench.Compile(new UnitVariant(default, false, false), 0x100).Bytes.ToArray();
        fixed (byte* start = image)
        {
            UnitImage copy = new(start);
            Assert.True(copy.IsIntact(image.Length));
            Assert.False(copy.IsIntact(image.Length - 8));
            Assert.False(copy.IsIntact(8));
            for (int i = 0; i < image.Length; i++)
            {
                image[i] ^= 0x10;
                Assert.False(copy.IsIntact(image.Length), $"byte {i}");
                image[i] ^= 0x10;
            }
        }
    }

    [Fact]
    public void AnImageFitsOnlyTheBytesAndTheVariantThatItWasMadeFrom()
    {
        using ImageBench bench = new(1 << 20, HostFeatures.Detect());
        // cmp x0, x1; b .+4; and behind it, looked at only because the flags may be dead: cmp x2, x3; ret
        bench.Load(0x100, [0xEB01_001F, 0x1400_0001, 0xEB03_005F, 0xD65F_03C0]);
        UnitVariant variant = new(default, false, false);
        UnitImage image = bench.Compile(variant, 0x100);
        Assert.Equal(8, image.Header.Draft.GuestSize);
        Assert.Equal(0x10C, image.Header.Draft.DependencyEnd);
        Assert.True(image.Fits(variant, bench.Page, 0x100));
        Assert.False(image.Fits(variant, bench.Page, 0x104));
        Assert.False(image.Fits(variant with { CountsInstructions = true }, bench.Page, 0x100));
        Assert.False(image.Fits(variant with { Returns = true }, bench.Page, 0x100));
        Assert.False(image.Fits(variant with { Mode = default(TranslationMode).WithGuard() }, bench.Page, 0x100));
        for (int i = 0x100; i < 0x10C; i++)
        {
            bench.Page[i] ^= 1;
            Assert.False(image.Fits(variant, bench.Page, 0x100), $"byte {i:x}");
            bench.Page[i] ^= 1;
        }

        bench.Page[0x10C] ^= 1;
        Assert.True(image.Fits(variant, bench.Page, 0x100));
    }
}

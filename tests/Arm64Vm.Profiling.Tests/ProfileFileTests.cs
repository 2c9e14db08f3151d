using System.Buffers.Binary;
using System.Reflection;

namespace Arm64Vm.Profiling.Tests;

/// <summary>Profiles survive their file, and files from anywhere are read safely.</summary>
public class ProfileFileTests
{
    [Fact]
    public void AProfileIsReadAsItWasWritten()
    {
        var profile = SampleProfiles.Full();
        var read = ProfileFile.Read(new MemoryStream(SampleProfiles.Bytes(profile)));
        Assert.Equivalent(profile, read, strict: true);
    }

    /// <summary>No table of the sample is empty, so that the round trip means something for each.</summary>
    [Fact]
    public void TheSampleHasSomethingInEveryTable()
    {
        var profile = SampleProfiles.Full();
        foreach (var property in typeof(Profile).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetValue(profile) is System.Collections.ICollection table)
                Assert.True(table.Count > 0, property.Name);
        }
    }

    [Fact]
    public void SamplesOfABlockAreThoseOfItsInstructions()
    {
        var block = SampleProfiles.Full().Blocks[0];
        Assert.Equal(43, block.TotalSamples);

        // Offset 1 is before the second instruction's code, 3 in it, 5 in its slow path.
        Assert.Equal([2L, 41, 0], block.SamplesByInstruction());
        Assert.Equal(-1, new ProfileBlock().GuestOffsetOf(0));
    }

    [Fact]
    public void AHundredThousandBlocksStayQuick()
    {
        var profile = SampleProfiles.Large(100_000);
        var bytes = SampleProfiles.Bytes(profile);

        // 182 random bytes a block cannot be pressed together; everything else may take as much again at most.
        Assert.InRange(bytes.Length, 18_000_000, 36_000_000);
        var read = ProfileFile.Read(new MemoryStream(bytes));
        Assert.Equal(100_000, read.Blocks.Count);
        Assert.Equal(profile.Blocks[99_999].HostCode, read.Blocks[99_999].HostCode);
        Assert.Equal(99, read.Blocks[99_999].TotalSamples);
    }

    [Theory]
    [InlineData("")]
    [InlineData("A64VMPR")]
    [InlineData("\x7F" + "ELF............................")]
    public void OtherFilesAreRefused(string text) =>
        Assert.Throws<ProfileFormatException>(() => ProfileFile.Read(new MemoryStream(System.Text.Encoding.Latin1.GetBytes(text))));

    [Fact]
    public void ANewerFormatIsRefusedByName()
    {
        var bytes = SampleProfiles.Bytes(SampleProfiles.Full());
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), ProfileFile.Version + 1);
        var failure = Assert.Throws<ProfileFormatException>(() => ProfileFile.Read(new MemoryStream(bytes)));
        Assert.Contains($"format {ProfileFile.Version + 1}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SectionsOfANewerProductAreSkipped()
    {
        var bytes = SampleProfiles.Unpacked(SampleProfiles.Full());
        byte[] longer = [.. bytes, 100, 3, 1, 2, 3];
        Assert.Equivalent(SampleProfiles.Full(), ProfileSections.Read(longer), strict: true);
    }

    [Fact]
    public void ATruncatedFileIsDamaged()
    {
        // Behind the last section there is only zlib's checksum and its end mark.
        const int Trailer = 8;
        var bytes = SampleProfiles.Bytes(SampleProfiles.Full());
        for (var length = 0; length < bytes.Length - Trailer; length++)
            Assert.Throws<ProfileFormatException>(() => ProfileFile.Read(new MemoryStream(bytes, 0, length)));
    }

    /// <summary>A header may promise a gigabyte; what is held grows with what is there.</summary>
    [Fact]
    public void AHeaderCannotMakeTheProcessHoldMuch()
    {
        var bytes = SampleProfiles.Bytes(SampleProfiles.Full());
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), 1 << 30);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ProfileFormatException>(() => ProfileFile.Read(new MemoryStream(bytes)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public void DamagedSectionsAreReadOrRefused()
    {
        var good = SampleProfiles.Unpacked(SampleProfiles.Full());
        var random = new Random(20260101);
        var refused = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = (byte[])good.Clone();
            for (var change = random.Next(1, 4); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                Check(ProfileSections.Read(bytes));
            }
            catch (ProfileFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1000, 19_999);
    }

    /// <summary>What is read refers to nothing that is not there.</summary>
    private static void Check(Profile profile)
    {
        for (var i = 0; i < profile.Stacks.Count; i++)
        {
            Assert.InRange(profile.Stacks[i].Parent, -1, i - 1);
            Assert.InRange(profile.Stacks[i].Frame, 0, profile.Frames.Count - 1);
        }

        foreach (var sample in profile.Samples)
        {
            Assert.InRange(sample.Stack, -1, profile.Stacks.Count - 1);
            Assert.InRange(sample.Block, -1, profile.Blocks.Count - 1);
        }

        foreach (var block in profile.Blocks)
        {
            Assert.InRange(block.Symbol, -1, profile.Symbols.Count - 1);
            Assert.Equal(block.GuestCode.Length / 4, block.SamplesByInstruction().Length);
        }
    }
}

using System.Buffers.Binary;
using Arm64Vm.Machine.Memory;
using Arm64Vm.Machine.Profiling;

namespace Arm64Vm.Machine.Tests.Profiling;

/// <summary>UEFI images are found by their headers, and what only looks like one, or ends before it is whole, is none.</summary>
public class FirmwareImagesTests
{
    private const int Size = 0x10_0000;
    private const ulong End = MemoryMap.RamBase + Size;
    private const ulong At = MemoryMap.RamBase + 0x2_0000;
    private const uint ImageSize = 0x6000;
    private const uint DebugDirectory = 0x5000;
    private const uint DebugData = 0x5100;
    private const int DebugEntryBytes = 28;

    private readonly TestMemory _memory = new(MemoryMap.RamBase, Size);

    [Theory]
    [InlineData("/build/Build/Virt/RELEASE/AARCH64/MdeModulePkg/Core/Dxe/DxeMain/DEBUG/DxeCore.dll", "DxeCore")]
    [InlineData("C:\\build\\Shell.efi.pdb", "Shell.efi")]
    [InlineData("ArmCpuDxe", "ArmCpuDxe")]
    public void AnImageAroundCodeHasTheNameOfItsBuild(string path, string name)
    {
        WriteImage(At, path);
        Assert.Equal([new FirmwareImages.Image(name, At, At + ImageSize, At)], Find(At + 0x3000));
    }

    [Theory]
    [InlineData("NB10", 16)]
    [InlineData("RSDS", 24)]
    [InlineData("MTOC", 20)]
    public void EveryKindOfDebugEntryHasTheName(string signature, int pathAt)
    {
        WriteImage(At, "", signature);
        Put(At + DebugData + (ulong)pathAt, "DEBUG/PeiCore.dll\0");
        Assert.Equal("PeiCore", Assert.Single(Find(At + 0x1000)).Name);
    }

    [Fact]
    public void AnEntryOfAnotherKindIsPassedOver()
    {
        WriteImage(At, "DxeCore.dll");
        PutWord(At + DebugDirectory + 12, 4);
        Assert.Empty(Find(At + 0x1000));
        WriteDebugEntry(At, DebugEntryBytes, End - At);
        PutWord(At + 0x80 + 24 + 164, 2 * DebugEntryBytes);
        Assert.Empty(Find(At + 0x1000));
        WriteDebugEntry(At, DebugEntryBytes, DebugData);
        Assert.Equal("DxeCore", Assert.Single(Find(At + 0x1000)).Name);
    }

    [Fact]
    public void CodeThatIsOutsideOfAnImageIsNotOfIt()
    {
        WriteImage(At, "DxeCore.dll");
        Assert.Empty(Find(At + ImageSize));
        Assert.Empty(Find(At - 0x1000));
        Assert.Single(Find(At - 0x1000, At + ImageSize - 0x1000, At + ImageSize));
    }

    [Fact]
    public void EachImageThatRanIsThere()
    {
        WriteImage(At, "DxeCore.dll");
        WriteImage(At + 0x8000, "ArmCpuDxe.dll");
        WriteImage(At + 0x1_0000, "Shell.dll");
        Assert.Equal(["ArmCpuDxe", "DxeCore"], Find(At + 0x1000, At + 0x9000).Select(image => image.Name).Order());
    }

    /// <summary>A header behind which memory ends is none, wherever it ends.</summary>
    [Fact]
    public void AHeaderThatIsCutOffIsNone()
    {
        const int HeaderBytes = 0x80 + 24 + 112 + (7 * 8);
        for (var length = 2; length < HeaderBytes; length++)
        {
            _memory.Bytes.AsSpan().Clear();
            WriteImage(End - (ulong)length, "DxeCore.dll");
            Assert.Empty(Find(End - 0x1000));
        }
    }

    [Theory]
    [InlineData(4, 0x8664)] // of another processor
    [InlineData(24, 0x10B)] // PE32
    [InlineData(24 + 56, 0x7FFF_FFFF)] // larger than any image
    [InlineData(24 + 108, 6)] // no entry for debugging
    [InlineData(24 + 160, 0)] // nothing for debugging
    [InlineData(24 + 160, 0xFFFF_FFFF)] // that somewhere else
    [InlineData(24 + 164, 27)] // less than an entry
    public void AHeaderThatMakesNoSenseIsNone(uint field, uint value)
    {
        WriteImage(At, "DxeCore.dll");
        PutWord(At + 0x80 + field, value);
        Assert.Empty(Find(At + 0x1000));
    }

    [Theory]
    [InlineData(0xFFFF_FFFFu)]
    [InlineData(0x1001u)]
    public void AHeaderThatIsFarAwayIsNone(uint offset)
    {
        WriteImage(At, "DxeCore.dll");
        PutWord(At + 0x3C, offset);
        Assert.Empty(Find(At + 0x1000));
    }

    /// <summary>It once ended a recording with an exception: behind the signature there was less than what comes before the name.</summary>
    [Theory]
    [InlineData("NB10", 16)]
    [InlineData("RSDS", 24)]
    [InlineData("MTOC", 20)]
    public void ADebugEntryAtTheEndOfRamHasNoName(string signature, int pathAt)
    {
        for (var length = 0; length <= pathAt + 4; length++)
        {
            _memory.Bytes.AsSpan().Clear();
            WriteImage(At, "", signature);
            PutWord(At + DebugDirectory + 20, (uint)(End - At) - (uint)length);
            Put(End - (ulong)length, signature[..Math.Min(length, 4)]);
            if (length > pathAt)
                _memory.Bytes.AsSpan(Size - (length - pathAt)).Fill((byte)'A'); // no end
            Assert.Empty(Find(At + 0x1000));
        }
    }

    [Fact]
    public void ADirectoryAtTheEndOfRamHasNoName()
    {
        for (uint length = 0; length < DebugEntryBytes; length++)
        {
            WriteImage(At, "DxeCore.dll");
            PutWord(At + 0x80 + 24 + 160, (uint)(End - At) - length);
            Assert.Empty(Find(At + 0x1000));
        }
    }

    [Fact]
    public void ANameThatIsNoTextIsNone()
    {
        WriteImage(At, "Dxe\x01Core.dll");
        Assert.Empty(Find(At + 0x1000));
        WriteImage(At, "folder/");
        Assert.Empty(Find(At + 0x1000));
    }

    /// <summary>Addresses of a terse image count from where its headers would be, had they not been taken away.</summary>
    [Fact]
    public void ATerseImageCountsFromBeforeItsBeginning()
    {
        const uint Stripped = 0x180;
        const ulong Origin = At + 40 - Stripped;
        WriteTerse(At, Stripped);
        Assert.Equal([new FirmwareImages.Image("PeiCore", At, Origin + 0x4000 + 0x800, Origin)], Find(At));
    }

    [Fact]
    public void ATerseHeaderThatIsCutOffIsNone()
    {
        for (ulong length = 2; length < 80; length++)
        {
            _memory.Bytes.AsSpan().Clear();
            WriteTerse(End - length, 0x180);
            Assert.Empty(Find(End - 0x1000));
        }
    }

    /// <summary>In flash images run where they are, some after others: all of it is looked through.</summary>
    [Fact]
    public void ImagesInFlashAreFoundAnywhereBeforeTheCode()
    {
        var flash = new TestMemory(0, Size);
        WriteImage(flash, 0x2_0240, "PeiCore.dll");
        Assert.Equal([new FirmwareImages.Image("PeiCore", 0x2_0240, 0x2_0240 + ImageSize, 0x2_0240)], FirmwareImages.Find(flash, new SortedSet<ulong> { 0x2_3000 }));
    }

    private List<FirmwareImages.Image> Find(params ulong[] code) => FirmwareImages.Find(_memory, new SortedSet<ulong>(code));

    private void WriteImage(ulong at, string path, string signature = "NB10") => WriteImage(_memory, at, path, signature);

    /// <summary>DOS header, PE header behind 80 bytes, debug directory of one entry, its data with the path; as much of it as there is memory for.</summary>
    private static void WriteImage(TestMemory memory, ulong at, string path, string signature = "NB10")
    {
        Put(memory, at, "MZ");
        PutWord(memory, at + 0x3C, 0x80);
        var pe = at + 0x80;
        Put(memory, pe, "PE\0\0");
        PutWord(memory, pe + 4, 0xAA64);
        PutWord(memory, pe + 24, 0x20B);
        PutWord(memory, pe + 24 + 56, ImageSize);
        PutWord(memory, pe + 24 + 108, 16);
        PutWord(memory, pe + 24 + 160, DebugDirectory);
        PutWord(memory, pe + 24 + 164, DebugEntryBytes);
        PutWord(memory, at + DebugDirectory + 12, 2);
        PutWord(memory, at + DebugDirectory + 20, DebugData);
        Put(memory, at + DebugData, signature);
        Put(memory, at + DebugData + 16, path + "\0");
    }

    private void WriteDebugEntry(ulong image, ulong entry, ulong data)
    {
        PutWord(image + DebugDirectory + entry + 12, 2);
        PutWord(image + DebugDirectory + entry + 20, (uint)data);
    }

    /// <summary>A terse header with two sections and the debug directory in the second.</summary>
    private void WriteTerse(ulong at, uint stripped)
    {
        Put(at, "VZ");
        PutWord(at + 2, 0xAA64);
        PutWord(at + 4, 2 | (stripped << 16));
        PutWord(at + 32, 0x4000);
        PutWord(at + 36, DebugEntryBytes);
        PutSection(at + 40, 0x1000, 0x2000);
        PutSection(at + 80, 0x4000, 0x800);
        var origin = at + 40 - stripped;
        PutWord(origin + 0x4000 + 12, 2);
        PutWord(origin + 0x4000 + 20, 0x4100);
        Put(origin + 0x4100, "NB10");
        Put(origin + 0x4110, "PeiCore.dll\0");
    }

    private void PutSection(ulong at, uint address, uint size)
    {
        PutWord(at + 8, size);
        PutWord(at + 12, address);
    }

    private void Put(ulong at, string text) => Put(_memory, at, text);

    private void PutWord(ulong at, uint value) => PutWord(_memory, at, value);

    private static void Put(TestMemory memory, ulong at, string text)
    {
        for (var i = 0; i < text.Length; i++)
            Put(memory, at + (ulong)i, (byte)text[i]);
    }

    private static void PutWord(TestMemory memory, ulong at, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        for (var i = 0; i < bytes.Length; i++)
            Put(memory, at + (ulong)i, bytes[i]);
    }

    /// <summary>What is behind the end is nowhere.</summary>
    private static void Put(TestMemory memory, ulong at, byte value) => memory.TryWrite(at, [value]);
}

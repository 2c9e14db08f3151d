using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Arm64Vm.Devices.Display;

namespace Arm64Vm.Devices.Tests.Display;

public sealed class RamFramebufferTests
{
    private const ulong Picture = TestMemory.Base + 0x1000;
    private readonly TestMemory _memory = new();
    private readonly RamFramebuffer _display;

    public RamFramebufferTests() => _display = new RamFramebuffer(_memory);

    [Theory]
    [InlineData("XR24", new byte[] { 0x33, 0x22, 0x11, 0xFF })]
    [InlineData("AR24", new byte[] { 0x33, 0x22, 0x11, 0x80 })]
    [InlineData("XB24", new byte[] { 0x11, 0x22, 0x33, 0xFF })]
    [InlineData("RG24", new byte[] { 0x33, 0x22, 0x11 })]
    public void PixelsOfEveryFormatAreRedGreenAndBlue(string format, byte[] pixel)
    {
        // Two by two, with padding behind each row; the last pixel has a colour.
        const uint Stride = 40;
        pixel.CopyTo(_memory.At(Picture + Stride + (ulong)pixel.Length, pixel.Length));
        Announce(Picture, format, 2, 2, Stride);
        var image = _display.Capture()!;
        Assert.Equal((2, 2), (image.Width, image.Height));
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11, 0x22, 0x33], image.Pixels.ToArray());
    }

    [Fact]
    public void ColoursOfFiveAndSixBitsFillTheirRange()
    {
        _memory.Write16(Picture, 0xFFFF);
        _memory.Write16(Picture + 2, 0x8410);
        Announce(Picture, "RG16", 2, 1, 0);
        Assert.Equal([0xFF, 0xFF, 0xFF, 0x84, 0x82, 0x84], _display.Capture()!.Pixels.ToArray());
    }

    [Theory]
    [InlineData(Picture, "NV12", 4, 4, 0u)]
    [InlineData(Picture, "XR24", 0, 4, 0u)]
    [InlineData(Picture, "XR24", 4, 0, 0u)]
    [InlineData(Picture, "XR24", 4, 4, 15u)]
    [InlineData(Picture, "XR24", 0x1_0000, 0x1_0000, 0u)]
    [InlineData(Picture, "XR24", -1, -1, 4u)]
    [InlineData(Picture, "XR24", 1024, 1024, 0u)]
    [InlineData(0ul, "XR24", 4, 4, 0u)]
    [InlineData(ulong.MaxValue - 8, "XR24", 4, 4, 0u)]
    public void WhatCannotBeShownIsNot(ulong address, string format, int width, int height, uint stride)
    {
        Assert.Null(_display.Capture());
        Announce(address, format, width, height, stride);
        Assert.Null(_display.Capture());
    }

    /// <summary>Read back with the chunk structure and checksums that the standard defines; the checksum of IEND is a known constant.</summary>
    [Fact]
    public void AnImageIsWrittenAsPng()
    {
        new Random(1).NextBytes(_memory.At(Picture, 5 * 3 * 4));
        Announce(Picture, "XR24", 5, 3, 0);
        var image = _display.Capture()!;
        using var file = new MemoryStream();
        image.WritePng(file);
        var bytes = file.ToArray();
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], bytes[..8]);
        Assert.Equal([0, 0, 0, 0, (byte)'I', (byte)'E', (byte)'N', (byte)'D', 0xAE, 0x42, 0x60, 0x82], bytes[^12..]);
        var header = bytes.AsSpan(8, 25);
        Assert.Equal("IHDR", Encoding.ASCII.GetString(header[4..8]));
        Assert.Equal((5, 3), (BinaryPrimitives.ReadInt32BigEndian(header[8..]), BinaryPrimitives.ReadInt32BigEndian(header[12..])));
        Assert.Equal([8, 2, 0, 0, 0], header[16..21].ToArray());
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(33));
        using var inflate = new ZLibStream(new MemoryStream(bytes, 41, length), CompressionMode.Decompress);
        using var rows = new MemoryStream();
        inflate.CopyTo(rows);
        for (var row = 0; row < 3; row++)
        {
            Assert.Equal(0, rows.ToArray()[row * 16]);
            Assert.Equal(image.Pixels.Slice(row * 15, 15).ToArray(), rows.ToArray()[(row * 16 + 1)..(row * 16 + 16)]);
        }
    }

    private void Announce(ulong address, string format, int width, int height, uint stride)
    {
        var bytes = _display.Configuration.AsSpan();
        BinaryPrimitives.WriteUInt64BigEndian(bytes, address);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], BinaryPrimitives.ReadUInt32LittleEndian(Encoding.ASCII.GetBytes(format)));
        BinaryPrimitives.WriteInt32BigEndian(bytes[16..], width);
        BinaryPrimitives.WriteInt32BigEndian(bytes[20..], height);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[24..], stride);
    }
}

using Arm64Vm.Machine.Vnc;

namespace Arm64Vm.Machine.Tests.Vnc;

public sealed class PixelTests
{
    [Theory]
    [InlineData(32, 24, 0, 255, 255, 255, 16, 8, 0, new byte[] { 0x33, 0x22, 0x11, 0 }, new byte[] { 0x33, 0x22, 0x11 })]
    [InlineData(32, 24, 1, 255, 255, 255, 16, 8, 0, new byte[] { 0, 0x11, 0x22, 0x33 }, new byte[] { 0x11, 0x22, 0x33 })]
    [InlineData(32, 24, 0, 255, 255, 255, 24, 16, 8, new byte[] { 0, 0x33, 0x22, 0x11 }, new byte[] { 0x33, 0x22, 0x11 })]
    [InlineData(32, 24, 1, 255, 255, 255, 24, 16, 8, new byte[] { 0x11, 0x22, 0x33, 0 }, new byte[] { 0x11, 0x22, 0x33 })]
    [InlineData(16, 16, 0, 31, 63, 31, 11, 5, 0, new byte[] { 0x06, 0x11 }, new byte[] { 0x06, 0x11 })]
    [InlineData(16, 16, 1, 31, 63, 31, 11, 5, 0, new byte[] { 0x11, 0x06 }, new byte[] { 0x11, 0x06 })]
    [InlineData(8, 8, 0, 7, 7, 3, 5, 2, 0, new byte[] { 0x05 }, new byte[] { 0x05 })]
    public void PixelsAreAsTheClientWantsThem(byte bits, byte depth, byte big, byte red, byte green, byte blue, byte redShift, byte greenShift, byte blueShift, byte[] whole, byte[] compact)
    {
        Assert.True(RfbPixelFormat.TryParse([bits, depth, big, 1, 0, red, 0, green, 0, blue, redShift, greenShift, blueShift, 0, 0, 0], out var format));
        var pixel = format.Convert(0x11, 0x22, 0x33);
        var bytes = new byte[4];
        Assert.Equal(whole, bytes[..format.Put(bytes, pixel)]);
        Assert.Equal(compact, bytes[..format.PutCompact(bytes, pixel)]);
    }

    [Fact]
    public void TilesThatDifferAreFoundAndJoined()
    {
        var changes = new ScreenChanges();
        var picture = new byte[200 * 100 * 3];
        Assert.Equal(2, changes.Find(picture, 200, 100, 200, 100).Count);
        Assert.Empty(changes.Find(picture, 200, 100, 200, 100));
        picture[(70 * 200 + 199) * 3] = 1;
        picture[(70 * 200 + 130) * 3 + 2] = 1;
        Assert.Equal([new ScreenTiles(128, 64, 72, 36)], changes.Find(picture, 200, 100, 200, 100));
        Assert.Equal([new ScreenTiles(128, 64, 72, 36)], changes.Find(null, 0, 0, 200, 100));
        changes.Forget();
        Assert.Equal([new ScreenTiles(0, 0, 200, 64), new ScreenTiles(0, 64, 200, 36)], changes.Find(null, 0, 0, 200, 100));
    }
}

using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Devices.FwCfg;

namespace Arm64Vm.Devices.Tests.FwCfg;

public sealed class FwCfgDeviceTests
{
    private const ulong Descriptor = TestMemory.Base + 0x100;
    private const ulong Buffer = TestMemory.Base + 0x1000;
    private readonly TestMemory _memory = new();
    private readonly byte[] _writable = new byte[8];
    private int _writes;
    private FwCfgDevice _device;

    public FwCfgDeviceTests() => _device = Create();

    [Fact]
    public void SignatureAndIdAreWhereFirmwareProbes()
    {
        Select(FwCfgKeys.Signature);
        Assert.Equal("QEMU", Encoding.ASCII.GetString([.. Enumerable.Range(0, 4).Select(_ => (byte)_device.Read(0, 1))]));
        Select(FwCfgKeys.Id);
        Assert.Equal(3u, _device.Read(0));
        Assert.Equal(0u, _device.Read(0));
        Assert.Equal(0x5145_4D55_2043_4647ul, BinaryPrimitives.ReverseEndianness(_device.ReadWide(0x10, 8)));
        Assert.Equal(0x5145_4D55u, BinaryPrimitives.ReverseEndianness(_device.Read(0x10)));
        Assert.Equal(0x2043_4647u, BinaryPrimitives.ReverseEndianness(_device.Read(0x14)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WideReadsKeepMemoryOrder(bool restore)
    {
        Select(FindFile("opt/abc"));
        Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian("0123"u8), _device.Read(0));
        Reload(restore);
        Assert.Equal(BinaryPrimitives.ReadUInt64LittleEndian("456789\0\0"u8), _device.ReadWide(0, 8));
    }

    [Fact]
    public void DirectoryIsSortedByName()
    {
        var directory = ReadDma(FwCfgKeys.FileDirectory, 4 + 3 * 64);
        Assert.Equal(3u, BinaryPrimitives.ReadUInt32BigEndian(directory));
        var names = Enumerable.Range(0, 3).Select(i => Encoding.ASCII.GetString(directory, 4 + 64 * i + 8, 56).TrimEnd('\0'));
        Assert.Equal(["etc/writable", "opt/abc", "opt/zero"], names);
        Assert.Equal(10u, BinaryPrimitives.ReadUInt32BigEndian(directory.AsSpan(4 + 64)));
    }

    [Fact]
    public void DmaReadsBeyondTheEndAreZero()
    {
        _memory.At(Buffer, 32).Fill(0xEE);
        Assert.Equal("0123456789\0\0\0\0\0\0"u8, ReadDma(FindFile("opt/abc"), 16));
        Assert.Equal(0xEE, _memory.At(Buffer + 16, 1)[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DmaSkipsAndContinues(bool restore)
    {
        var key = FindFile("opt/abc");
        Assert.Equal(0u, Dma(((uint)key << 16) | 0x0C, 3, 0));
        Reload(restore);
        Assert.Equal(0u, Dma(0x02, 4, Buffer));
        Assert.Equal("3456"u8, _memory.At(Buffer, 4));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DmaAddressMayComeInHalves(bool restore)
    {
        WriteDescriptor(((uint)FindFile("opt/abc") << 16) | 0x0A, 4, Buffer);
        _device.Write(0x10, BinaryPrimitives.ReverseEndianness((uint)(Descriptor >> 32)));
        Reload(restore);
        _device.Write(0x14, BinaryPrimitives.ReverseEndianness((uint)Descriptor));
        Assert.Equal("0123"u8, _memory.At(Buffer, 4));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OnlyWritableFilesAreWritten(bool restore)
    {
        "written!"u8.CopyTo(_memory.At(Buffer, 8));
        Assert.Equal(0u, Dma(((uint)FindFile("etc/writable") << 16) | 0x18, 8, Buffer));
        Assert.Equal(1, _writes);
        Reload(restore);
        Assert.Equal("written!"u8, ReadDma(FindFile("etc/writable"), 8));
        Assert.Equal(1u, Dma(((uint)FindFile("etc/writable") << 16) | 0x18, 9, Buffer));
        Assert.Equal(1u, Dma(((uint)FindFile("opt/abc") << 16) | 0x18, 4, Buffer));
    }

    [Fact]
    public void DmaOutsideRamIsAnErrorToTheGuestOnly()
    {
        var key = (uint)FindFile("opt/abc") << 16;
        Assert.Equal(1u, Dma(key | 0x0A, 4, 0xFFFF_FFFF_FFFF_FFFE));
        Assert.Equal(1u, Dma(key | 0x0A, uint.MaxValue, TestMemory.Base));
        _device.Write(0x10, ulong.MaxValue, 8);
    }

    [Fact]
    public void OddAccessesAreRefused()
    {
        Assert.False(_device.TryWrite(8, 4, 0));
        Assert.False(_device.TryWrite(0x14, 8, 0));
        Assert.False(_device.TryRead(0x18, 1, out _));
        Assert.False(_device.TryRead(0x11, 8, out _));
    }

    [Fact]
    public void FileNamesAreChecked()
    {
        var items = new FwCfgItems();
        Assert.Throws<ArgumentException>(() => items.AddFile(new string('a', 56), default));
        Assert.Throws<ArgumentException>(() => items.AddFile("", default));
        Assert.Throws<ArgumentException>(() => items.AddFile("é", default));
        items.AddFile(new string('a', 55), default);
    }

    private FwCfgDevice Create()
    {
        var items = new FwCfgItems();
        items.AddFile("opt/zero", default);
        items.AddFile("opt/abc", "0123456789"u8.ToArray());
        items.AddWritableFile("etc/writable", _writable, () => _writes++);
        return new FwCfgDevice(items, _memory);
    }

    private void Reload(bool restore)
    {
        if (!restore)
            return;
        var state = _device.Save();
        _writable.AsSpan().Clear();
        _device = Create();
        _device.Restore(state);
    }

    private void Select(ushort key) => _device.Write(8, BinaryPrimitives.ReverseEndianness(key), 2);

    private ushort FindFile(string name)
    {
        Select(FwCfgKeys.FileDirectory);
        var count = BinaryPrimitives.ReverseEndianness(_device.Read(0));
        for (var i = 0; i < count; i++)
        {
            _device.Read(0);
            var key = BinaryPrimitives.ReverseEndianness((ushort)_device.Read(0, 2));
            _device.Read(0, 2);
            var text = Encoding.ASCII.GetString([.. Enumerable.Range(0, 56).Select(_ => (byte)_device.Read(0, 1))]);
            if (text.TrimEnd('\0') == name)
                return key;
        }

        throw new InvalidOperationException(name);
    }

    private byte[] ReadDma(ushort key, int length)
    {
        Assert.Equal(0u, Dma(((uint)key << 16) | 0x0A, (uint)length, Buffer));
        return _memory.At(Buffer, length).ToArray();
    }

    private void WriteDescriptor(uint control, uint length, ulong address)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_memory.At(Descriptor, 4), control);
        BinaryPrimitives.WriteUInt32BigEndian(_memory.At(Descriptor + 4, 4), length);
        BinaryPrimitives.WriteUInt64BigEndian(_memory.At(Descriptor + 8, 8), address);
    }

    private uint Dma(uint control, uint length, ulong address)
    {
        WriteDescriptor(control, length, address);
        _device.Write(0x10, BinaryPrimitives.ReverseEndianness(Descriptor), 8);
        return BinaryPrimitives.ReadUInt32BigEndian(_memory.At(Descriptor, 4));
    }
}

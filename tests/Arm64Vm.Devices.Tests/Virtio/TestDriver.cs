using System.Buffers.Binary;
using Arm64Vm.Devices.Virtio;

namespace Arm64Vm.Devices.Tests.Virtio;

/// <summary>A driver for tests: sets up every queue with 16 entries and submits chains of buffers.</summary>
internal sealed class TestDriver
{
    public const ushort Size = 16;
    private readonly ushort[] _submitted = new ushort[15];
    private ulong _free = TestMemory.Base + 0x1_0000;

    public TestDriver(Func<TestMemory, TestLine, VirtioMmioTransport> create, uint features = 0)
    {
        Transport = create(Memory, Line);
        Transport.Write(0x70, 3);
        Transport.Write(0x24, 0);
        Transport.Write(0x20, features);
        Transport.Write(0x24, 1);
        Transport.Write(0x20, 1);
        Transport.Write(0x70, 11);
        Assert.Equal(11u, Transport.Read(0x70));
        for (uint queue = 0; ; queue++)
        {
            Transport.Write(0x30, queue);
            if (Transport.Read(0x34) == 0)
                break;
            Transport.Write(0x38, Size);
            Transport.Write(0x80, (uint)Rings(queue));
            Transport.Write(0x90, (uint)Rings(queue) + 0x400);
            Transport.Write(0xA0, (uint)Rings(queue) + 0x800);
            Transport.Write(0x44, 1);
        }

        Transport.Write(0x70, 15);
    }

    public TestMemory Memory { get; } = new();

    public TestLine Line { get; } = new();

    public VirtioMmioTransport Transport { get; set; }

    /// <summary>Offers one chain; returns the addresses of the buffers the device may write.</summary>
    public ulong[] Submit(uint queue, byte[][] readable, params int[] writable)
    {
        var next = (ushort)(_submitted[queue] % 4 * 4);
        var head = next;
        var addresses = new List<ulong>();
        var count = readable.Length + writable.Length;
        for (var i = 0; i < count; i++)
        {
            var isWritable = i >= readable.Length;
            var length = isWritable ? writable[i - readable.Length] : readable[i].Length;
            var address = _free;
            _free += (ulong)(length + 63) & ~63ul;
            if (isWritable)
                addresses.Add(address);
            else
                readable[i].CopyTo(Memory.At(address, length));
            var descriptor = Rings(queue) + 16ul * next;
            Memory.Write64(descriptor, address);
            Memory.Write32(descriptor + 8, (uint)length);
            Memory.Write16(descriptor + 12, (ushort)((isWritable ? 2 : 0) | (i + 1 < count ? 1 : 0)));
            Memory.Write16(descriptor + 14, ++next);
        }

        Memory.Write16(Rings(queue) + 0x404 + 2ul * (uint)(_submitted[queue] % Size), head);
        Memory.Write16(Rings(queue) + 0x402, ++_submitted[queue]);
        return [.. addresses];
    }

    public void Notify(uint queue) => Transport.Write(0x50, queue);

    /// <summary>How many chains came back.</summary>
    public int Used(uint queue) => Memory.Read16(Rings(queue) + 0x802);

    /// <summary>The length the device reported for the chain that came back last.</summary>
    public uint LastLength(uint queue) => Memory.Read32(Rings(queue) + 0x804 + 8ul * (uint)((Used(queue) - 1) % Size) + 4);

    /// <summary>The queue's descriptors; 0x400 behind them is the available ring, 0x800 the used one.</summary>
    public static ulong Rings(uint queue) => TestMemory.Base + 0x1000 * (queue + 1);

    public static byte[] Header(uint type, ulong sector)
    {
        var header = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), sector);
        return header;
    }
}

using System.Net.NetworkInformation;
using Arm64Vm.Devices.Net;
using Arm64Vm.Devices.Tests.Net;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Net;
using CsCheck;

namespace Arm64Vm.Devices.Tests.Virtio.Net;

public sealed class VirtioNetTests : IDisposable
{
    private const uint Checksum = 1;
    private const uint GuestChecksum = 2;
    private const uint Segments4 = 1 << 11;
    private const uint Mergeable = 1 << 15;
    private static readonly PhysicalAddress s_address = new([0x52, 0x54, 0, 1, 2, 3]);

    private TestNetwork _network = new();
    private NetworkLink? _link;
    private VirtioNet? _device;
    private TestDriver? _driver;

    private TestDriver Driver => _driver!;

    public void Dispose()
    {
        _device?.Dispose();
        _link?.Dispose();
    }

    [Fact]
    public void ConfigurationSaysAddressLinkAndMtu()
    {
        Start(0, mtu: 9000);
        Assert.Equal(0x0100_5452u, Driver.Transport.Read(0x100));
        Assert.Equal(0x0302u, Driver.Transport.Read(0x104, 2));
        Assert.Equal((1u, 1u, 9000u), (Driver.Transport.Read(0x106, 2), Driver.Transport.Read(0x108, 2), Driver.Transport.Read(0x10A, 2)));
        _device!.LinkDown();
        Assert.Equal(0u, Driver.Transport.Read(0x106, 2));
        Assert.Equal(2u, Driver.Transport.Read(0x60) & 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FramesGoOutWhole(bool restore)
    {
        Start(0);
        var frame = Frame(100);
        Driver.Submit(1, [new byte[12], frame[..50], frame[50..]]);
        if (restore)
            Reload();
        Driver.Notify(1);
        Assert.Equal(frame, Assert.Single(_network.Sent).Bytes);
        Assert.Equal((1, 0u), (Driver.Used(1), Driver.LastLength(1)));
        Assert.True(Driver.Line.Level);
    }

    /// <summary>A saved machine may have frames in its ring that no notification will come for.</summary>
    [Fact]
    public void WhatWaitsInTheRingGoesOutAfterARestore()
    {
        Start(0);
        Driver.Submit(1, [new byte[12], Frame(60)]);
        Assert.Empty(_network.Sent);
        Reload();
        Assert.Single(_network.Sent);
    }

    [Theory]
    [InlineData(NetworkOffloads.None)]
    [InlineData(NetworkOffloads.TakesChecksums)]
    public void ChecksumIsCompletedUnlessTheNetworkDoes(object offloadsCase)
    {
        var offloads = (NetworkOffloads)offloadsCase;
        _network = new TestNetwork(offloads);
        Start(Checksum);
        var (header, bytes) = TcpFrames.Make(300, 0, isIp6: false);
        Driver.Submit(1, [Bytes(header with { Segmentation = 0 }), bytes]);
        Driver.Notify(1);
        var (sent, frame) = Assert.Single(_network.Sent);
        Assert.Equal(offloads != NetworkOffloads.None, sent.WantsChecksum);
        Assert.Equal(offloads == NetworkOffloads.None, !frame.AsSpan().SequenceEqual(bytes));
    }

    [Theory]
    [InlineData(NetworkOffloads.None, 65535, 7)]
    [InlineData(NetworkOffloads.TakesSegments, 65535, 1)]
    [InlineData(NetworkOffloads.TakesSegments, 6000, 3)]
    public void SegmentsAreCutToWhatTheNetworkTakes(object offloadsCase, int most, int pieces)
    {
        var offloads = (NetworkOffloads)offloadsCase;
        _network = new TestNetwork(offloads, most);
        Start(Checksum | Segments4);
        var (header, bytes) = TcpFrames.Make(10_000, 1448, isIp6: false);
        Driver.Submit(1, [Bytes(header), bytes]);
        Driver.Notify(1);
        Assert.Equal(pieces, _network.Sent.Count);
        Assert.All(_network.Sent, sent => Assert.True(sent.Bytes.Length <= most));
        Assert.Equal(10_000, _network.Sent.Sum(sent => sent.Bytes.Length - 66));
    }

    [Fact]
    public void WhatWasNotNegotiatedOrIsNoFrameIsDropped()
    {
        Start(0);
        var (header, bytes) = TcpFrames.Make(1000, 500, isIp6: false);
        Driver.Submit(1, [Bytes(header), bytes]);
        Driver.Submit(1, [Bytes(header with { Segmentation = 0 }), bytes]);
        Driver.Submit(1, [new byte[11]]);
        Driver.Submit(1, [new byte[12], new byte[13]]);
        Driver.Notify(1);
        Assert.Empty(_network.Sent);
        Assert.Equal(4, Driver.Used(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OneFrameTakesSeveralBuffersAtOnce(bool restore)
    {
        Start(Mergeable);
        var frame = Frame(1000);
        _network.Waiting.Enqueue((default, frame));
        var first = Driver.Submit(0, [], 500)[0];
        _link!.Pump();
        Assert.Equal(0, Driver.Used(0));
        var second = Driver.Submit(0, [], 500)[0];
        var third = Driver.Submit(0, [], 500)[0];
        if (restore)
            Reload();
        _link.Pump();
        Assert.Equal(3, Driver.Used(0));
        Assert.Equal(3, Driver.Memory.Read16(first + 10));
        Assert.Equal(frame[..488], Driver.Memory.At(first + 12, 488));
        Assert.Equal(frame[488..988], Driver.Memory.At(second, 500));
        Assert.Equal(frame[988..], Driver.Memory.At(third, 12));
        Assert.Equal(12u, Driver.LastLength(0));
        Assert.Empty(_network.Waiting);
    }

    [Fact]
    public void FrameThatFitsNoBufferIsDroppedAndTheBufferStays()
    {
        Start(0);
        _network.Waiting.Enqueue((default, Frame(600)));
        _network.Waiting.Enqueue((default, Frame(60)));
        Driver.Submit(0, [], 500);
        _link!.Pump();
        Assert.Empty(_network.Waiting);
        Assert.Equal((1, 72u), (Driver.Used(0), Driver.LastLength(0)));
    }

    [Fact]
    public void ATrustedNetworkSparesTheGuestItsSums()
    {
        _network = new TestNetwork(NetworkOffloads.IsTrusted);
        Start(GuestChecksum);
        _network.Waiting.Enqueue((default, Frame(60)));
        var buffer = Driver.Submit(0, [], 500)[0];
        _link!.Pump();
        Assert.Equal(FrameHeader.ChecksumIsValid, Driver.Memory.At(buffer, 1)[0]);
        Assert.True(_network.Accepted.Checksums);
    }

    [Fact]
    public void WithoutADriverFramesAreLost()
    {
        Start(0);
        Driver.Transport.Write(0x70, 0);
        _network.Waiting.Enqueue((default, Frame(60)));
        _link!.Pump();
        Assert.Empty(_network.Waiting);
    }

    [Fact]
    public void RandomRingsNeverThrow()
    {
        Gen.Select(Gen.Byte.Array[0x2000], Gen.UInt[0, 0xFFFF], Gen.Int[0, 70_000].Array[0, 4], Gen.Int[0, 15]).Sample(
            (garbage, features, frames, offloads) =>
            {
                Dispose();
                _network = new TestNetwork((NetworkOffloads)offloads);
                Start(features & (Checksum | Segments4 | Mergeable | (offloads >= 4 ? GuestChecksum : 0)));
                foreach (var length in frames)
                    _network.Waiting.Enqueue((default, new byte[length]));
                for (uint queue = 0; queue < 2; queue++)
                {
                    var rings = TestMemory.Base + 0x1000 * (ulong)(queue + 1);
                    garbage.AsSpan((int)queue * 0x1000, 0x800).CopyTo(Driver.Memory.At(rings, 0x800));
                    for (ulong i = 0; i < 16; i++)
                    {
                        Driver.Memory.Write64(rings + 16 * i, TestMemory.Base + ((ulong)garbage[i] << 10));
                        Driver.Memory.Write32(rings + 16 * i + 8, (uint)garbage[100 + i] << (garbage[200 + i] % 10));
                        Driver.Memory.Write16(rings + 16 * i + 12, (ushort)(garbage[300 + i] % 4));
                        Driver.Memory.Write16(rings + 16 * i + 14, (ushort)(garbage[400 + i] % 17));
                        Driver.Memory.Write16(rings + 0x404 + 2 * i, (ushort)(garbage[500 + i] % 17));
                    }

                    Driver.Memory.Write16(rings + 0x402, (ushort)(garbage[600] % 18));
                }

                Driver.Notify(1);
                Driver.Notify(0);
                _link!.Pump();
            },
            iter: 300,
            threads: 1);
    }

    private static byte[] Frame(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 3))];

    private static byte[] Bytes(FrameHeader header)
    {
        var bytes = new byte[FrameHeader.Size];
        header.Write(bytes);
        return bytes;
    }

    private void Start(uint features, ushort mtu = 0)
    {
        _link = new NetworkLink(_network, hasThreads: false);
        _device = new VirtioNet(_link, s_address, mtu);
        _driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, _device), features);
    }

    private void Reload()
    {
        var state = Driver.Transport.Save();
        _device!.Dispose();
        _device = new VirtioNet(_link!, s_address);
        Driver.Transport = new VirtioMmioTransport(Driver.Line, Driver.Memory, _device);
        Driver.Transport.Restore(state);
    }
}

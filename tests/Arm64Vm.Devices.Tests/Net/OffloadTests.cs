using Arm64Vm.Devices.Net;
using CsCheck;

namespace Arm64Vm.Devices.Tests.Net;

public class OffloadTests
{
    [Fact]
    public void SumsAreThoseOfTheRfcForEveryLength()
    {
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[0, 3]).Sample((bytes, skip) =>
        {
            var part = bytes.AsSpan(Math.Min(skip, bytes.Length));
            Assert.Equal(TcpFrames.SlowSum(part, 0), InternetChecksum.Fold(InternetChecksum.Sum(part)));
        });
        var large = new byte[65535];
        large.AsSpan().Fill(0xFF);
        Assert.Equal(TcpFrames.SlowSum(large, 0), InternetChecksum.Fold(InternetChecksum.Sum(large)));
    }

    [Fact]
    public void SumsThatWouldBeZeroAreWrittenAsOnes()
    {
        byte[] frame = [0xFF, 0xFF, 0, 0];
        Assert.True(InternetChecksum.TryComplete(frame, 0, 2));
        Assert.Equal([0xFF, 0xFF, 0xFF, 0xFF], frame);
        Assert.False(InternetChecksum.TryComplete(frame, 1, 2));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 1448)]
    [InlineData(false, 1449)]
    [InlineData(false, 65_000)]
    [InlineData(true, 1000)]
    [InlineData(true, 50_001)]
    public void PiecesCarryWhatTheSegmentDid(bool isIp6, int payload)
    {
        var (header, bytes) = TcpFrames.Make(payload, 1448, isIp6);
        var network = new TestNetwork();
        Assert.True(TcpSegments.TrySend(network, bytes, header));
        Assert.Equal((payload + 1447) / 1448, network.Sent.Count);
        var all = new List<byte>();
        for (var i = 0; i < network.Sent.Count; i++)
        {
            var (sequence, flags, part) = TcpFrames.Check(network.Sent[i].Bytes, isIp6);
            Assert.Equal(unchecked(0xFFFF_F000 + (uint)all.Count), sequence);
            var (isFirst, isLast) = (i == 0, i == network.Sent.Count - 1);
            Assert.Equal(0x10 | (isFirst ? 0x80 : 0) | (isLast ? 0x09 : 0), flags);
            all.AddRange(part);
        }

        Assert.Equal(bytes[^payload..], all);
    }

    [Fact]
    public void WhatIsNoSegmentIsRefused()
    {
        var (header, bytes) = TcpFrames.Make(1000, 500, isIp6: false);
        foreach (var bad in (ReadOnlySpan<FrameHeader>)[
            header with { SegmentSize = 0 },
            header with { SegmentSize = TcpSegments.MinimumPayload - 1 },
            header with { Segmentation = FrameHeader.Tcp6 },
            header with { ChecksumStart = 30 },
            header with { ChecksumStart = ushort.MaxValue }])
        {
            var network = new TestNetwork();
            Assert.False(TcpSegments.TrySend(network, bytes, bad));
            Assert.Empty(network.Sent);
        }
    }

    [Fact]
    public void RandomSegmentsNeverThrow() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Byte, Gen.UShort, Gen.UShort[0, 320]).Sample((bytes, kind, size, start) =>
        {
            if (bytes.Length > 14)
                (bytes[12], bytes[13]) = (0x08, 0x00);
            TcpSegments.TrySend(new TestNetwork(), bytes, new FrameHeader(1, (byte)(kind % 5), 0, size, start, 16));
        });
}

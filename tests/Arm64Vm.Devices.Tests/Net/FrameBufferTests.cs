using System.Buffers.Binary;
using Arm64Vm.Devices.Net;
using CsCheck;

namespace Arm64Vm.Devices.Tests.Net;

public class FrameBufferTests
{
    private const int LeastRoom = INetwork.MaximumAnyFrame + 4096;

    [Fact]
    public void FramesComeOutAsTheyWentInWhateverThePieces()
    {
        Gen.Select(Gen.Int[14, 40_000].Array[1, 60], Gen.Int[1, 200_000].Array[1, 40], Gen.Int[0, 5].Array[1, 40]).Sample((lengths, reads, takes) =>
        {
            var buffer = new FrameBuffer(400_000, LeastRoom);
            var stream = new MemoryStream();
            for (var i = 0; i < lengths.Length; i++)
                Write(stream, (byte)i, lengths[i]);
            var bytes = stream.ToArray();
            var (written, taken, idle) = (0, 0, 0);
            for (var turn = 0; taken < lengths.Length; turn++)
            {
                var room = buffer.Room();
                Assert.Equal(room.IsEmpty, buffer.IsFull);
                var count = Math.Min(Math.Min(reads[turn % reads.Length], room.Length), bytes.Length - written);
                var peeked = buffer.Peek();
                bytes.AsSpan(written, count).CopyTo(room);
                Assert.True(buffer.TryCommit(count));
                Assert.True(peeked.IsEmpty || peeked.IndexOfAnyExcept((byte)taken) < 0, "a frame in use was changed");
                written += count;

                var most = idle > 3 ? int.MaxValue : takes[turn % takes.Length];
                var before = taken;
                for (var i = 0; i < most && buffer.Peek() is { IsEmpty: false } frame; i++, taken++)
                {
                    Assert.Equal(lengths[taken], frame.Length);
                    Assert.True(frame.IndexOfAnyExcept((byte)taken) < 0);
                    buffer.Consume();
                }

                idle = before == taken && count == 0 ? idle + 1 : 0;
            }
        }, iter: 300);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(13u)]
    [InlineData(0x0001_0013u)]
    [InlineData(uint.MaxValue)]
    public void LengthsThatNoFrameHasAreRefused(uint length)
    {
        var buffer = new FrameBuffer(400_000, LeastRoom);
        BinaryPrimitives.WriteUInt32BigEndian(buffer.Room(), length);
        Assert.False(buffer.TryCommit(4));
    }

    [Fact]
    public void WhatItKeepsIsBounded()
    {
        var buffer = new FrameBuffer(400_000, LeastRoom);
        var stream = new MemoryStream();
        Write(stream, 1, 1000);
        var total = 0;
        while (buffer.Room() is { IsEmpty: false } room)
        {
            stream.ToArray().CopyTo(room);
            Assert.True(buffer.TryCommit((int)stream.Length));
            total += (int)stream.Length;
            Assert.True(total <= 400_000);
        }

        Assert.True(total >= 400_000 - LeastRoom - 1004);
    }

    private static void Write(MemoryStream stream, byte value, int length)
    {
        Span<byte> prefix = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(prefix, (uint)length);
        stream.Write(prefix);
        var frame = new byte[length];
        frame.AsSpan().Fill(value);
        stream.Write(frame);
    }
}

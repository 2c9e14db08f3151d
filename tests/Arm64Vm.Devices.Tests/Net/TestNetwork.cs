using Arm64Vm.Devices.Net;

namespace Arm64Vm.Devices.Tests.Net;

/// <summary>A network of two lists.</summary>
internal sealed class TestNetwork(NetworkOffloads offloads = NetworkOffloads.None, int maximumFrame = INetwork.MaximumAnyFrame) : INetwork
{
    private byte[] _begun = [];
    private int _unflushed;

    public List<(FrameHeader Header, byte[] Bytes)> Sent { get; } = [];

    public Queue<(FrameHeader Header, byte[] Bytes)> Waiting { get; } = new();

    public NetworkOffloads Offloads => offloads;

    public int MaximumFrame => maximumFrame;

    public bool IsUp => true;

    public bool IsFull => Waiting.Count > 0;

    /// <summary>A few frames, then it wants a flush.</summary>
    public bool HasRoom => _unflushed < 3;

    public (bool Checksums, bool Segments4, bool Segments6) Accepted { get; private set; }

    public void Accept(bool checksums, bool segments4, bool segments6) => Accepted = (checksums, segments4, segments6);

    public bool IsInUse { get; private set; } = true;

    public void SetInUse(bool isInUse) => IsInUse = isInUse;

    public Span<byte> Begin(int length) => _begun = new byte[length];

    public void End(in FrameHeader header)
    {
        Sent.Add((header, _begun));
        _unflushed++;
    }

    public void Flush() => _unflushed = 0;

    public bool WaitForMore() => false;

    public bool TryPeek(out FrameHeader header, out ReadOnlySpan<byte> frame)
    {
        var found = Waiting.TryPeek(out var next);
        header = next.Header;
        frame = next.Bytes;
        return found;
    }

    public void Consume() => Waiting.Dequeue();

    public void Close()
    {
    }

    public void Dispose()
    {
    }
}

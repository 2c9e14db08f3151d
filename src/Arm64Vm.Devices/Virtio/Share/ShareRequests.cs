using Arm64Vm.Devices.Sharing;

namespace Arm64Vm.Devices.Virtio.Share;

/// <summary>One request at a time: out of guest RAM, answered, and the answer into guest RAM.</summary>
internal sealed class ShareRequests(P9Server server)
{
    private readonly byte[] _request = new byte[P9Server.MaximumMessage];
    private readonly byte[] _reply = new byte[P9Server.MaximumMessage];
    private int _requestLength;
    private int _room;
    private int _replyLength;

    /// <summary>Takes a request; one that is too long or not in RAM gets no answer.</summary>
    public void Take(DescriptorChain chain)
    {
        _requestLength = chain.ReadableLength <= (ulong)_request.Length && chain.TryRead(0, _request.AsSpan(0, (int)chain.ReadableLength)) ? (int)chain.ReadableLength : 0;
        _room = (int)Math.Min(chain.WritableLength, (ulong)_reply.Length);
    }

    /// <summary>Touches no guest RAM, and may wait for the host.</summary>
    public void Answer() => _replyLength = server.Serve(_request.AsSpan(0, _requestLength), _reply.AsSpan(0, _room));

    /// <summary>Gives the answer.</summary>
    /// <returns>Its length.</returns>
    public int Give(DescriptorChain chain) => chain.TryWrite(0, _reply.AsSpan(0, _replyLength)) ? _replyLength : 0;

    /// <summary>Closes everything the driver has open.</summary>
    public void Clear() => server.Clear();
}

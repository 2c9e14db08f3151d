using Arm64Vm.Devices.Sharing;

namespace Arm64Vm.Devices.Virtio.Share;

/// <summary>The thread that answers the requests of a shared folder.</summary>
internal sealed class ShareWorker : RequestThread
{
    private readonly ShareRequests _requests;
    private readonly Action<DescriptorChain, int> _completed;
    private readonly Action _take;
    private readonly Action _complete;
    private bool _isTaken;
    private bool _isForgotten;

    /// <param name="requests">Answers; used by this thread only.</param>
    /// <param name="completed">Gets a request that is done and the length of its answer, under the transport's lock.</param>
    public ShareWorker(ShareRequests requests, Action<DescriptorChain, int> completed)
        : base("arm64vm-share")
    {
        _requests = requests;
        _completed = completed;
        _take = Take;
        _complete = Complete;
    }

    /// <summary>Everything the driver has open is closed before the next request.</summary>
    protected override void Forgotten() => _isForgotten = true;

    protected override void Taking()
    {
        if (_isForgotten)
            _requests.Clear();
        _isForgotten = false;
    }

    protected override void Serve(DescriptorChain chain, IVirtioInterrupts? interrupts)
    {
        _isTaken = false;
        interrupts?.Synchronize(_take);
        if (!_isTaken)
            return;
        _requests.Answer();
        interrupts?.Synchronize(_complete);
    }

    /// <summary>Under the transport's lock, as a reset is: a request that is still current stays so.</summary>
    private void Take()
    {
        if (Current is not { } chain)
            return;
        _requests.Take(chain);
        _isTaken = true;
    }

    private void Complete()
    {
        if (Current is not { } chain)
            return;
        Current = null;
        _completed(chain, _requests.Give(chain));
    }
}

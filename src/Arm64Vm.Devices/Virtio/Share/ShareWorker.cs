using Arm64Vm.Devices.Sharing;

namespace Arm64Vm.Devices.Virtio.Share;

/// <summary>The thread that answers requests in order while the guest runs on.</summary>
/// <remarks>
/// As with disks: guest RAM is touched under the device's lock, and only for requests made since the last reset. The lock is not held while the host's
/// file system is waited for. Order of locks: the device's, then <see cref="_gate"/>.
/// </remarks>
internal sealed class ShareWorker : IDisposable
{
    private readonly ShareRequests _requests;
    private readonly Action<DescriptorChain, int> _completed;
    private readonly object _gate = new();
    private readonly Queue<DescriptorChain> _waiting = new();
    private readonly Action _take;
    private readonly Action _complete;
    private Thread? _thread;
    private IVirtioInterrupts? _interrupts;
    private DescriptorChain? _current;
    private bool _isTaken;
    private bool _isForgotten;
    private bool _isBusy;
    private bool _isEnding;

    /// <param name="requests">Answers; used by this thread only.</param>
    /// <param name="completed">Gets a request that is done and the length of its answer, under the device's lock.</param>
    public ShareWorker(ShareRequests requests, Action<DescriptorChain, int> completed)
    {
        _requests = requests;
        _completed = completed;
        _take = Take;
        _complete = Complete;
    }

    public void Activate(IVirtioInterrupts interrupts)
    {
        lock (_gate)
            _interrupts = interrupts;
    }

    public void Enqueue(DescriptorChain chain)
    {
        lock (_gate)
        {
            if (_isEnding)
                return;
            _waiting.Enqueue(chain);
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "arm64vm-share" };
                _thread.Start();
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Drops what waits, the result of what is being done, and before the next request everything the driver has open.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _waiting.Clear();
            _current = null;
            _interrupts = null;
            _isForgotten = true;
        }
    }

    /// <summary>Waits until everything is done. Not under the device's lock.</summary>
    public void Drain()
    {
        lock (_gate)
        {
            while (_isBusy || _waiting.Count > 0)
                Monitor.Wait(_gate);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isEnding = true;
            Monitor.PulseAll(_gate);
        }

        _thread?.Join();
    }

    private void Run()
    {
        while (true)
        {
            IVirtioInterrupts? interrupts;
            lock (_gate)
            {
                _isBusy = false;
                if (_waiting.Count == 0)
                    Monitor.PulseAll(_gate);
                while (_waiting.Count == 0)
                {
                    if (_isEnding)
                        return;
                    Monitor.Wait(_gate);
                }

                _isBusy = true;
                if (_isForgotten)
                    _requests.Clear();
                _isForgotten = false;
                _current = _waiting.Dequeue();
                interrupts = _interrupts;
            }

            _isTaken = false;
            interrupts?.Synchronize(_take);
            if (!_isTaken)
                continue;
            _requests.Answer();
            interrupts?.Synchronize(_complete);
        }
    }

    /// <summary>Under the device's lock, as a reset is: a request that is still current stays so.</summary>
    private void Take()
    {
        if (_current is not { } chain)
            return;
        _requests.Take(chain);
        _isTaken = true;
    }

    private void Complete()
    {
        if (_current is not { } chain)
            return;
        _current = null;
        _completed(chain, _requests.Give(chain));
    }
}

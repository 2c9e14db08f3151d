namespace Arm64Vm.Devices.Virtio;

/// <summary>The thread that does a device's requests in order while the guest runs on; it starts with the first one.</summary>
/// <remarks>
/// Guest RAM is touched under the transport's lock, and only for requests made since the last reset: what the driver gave to an earlier
/// life of the device may have become something else. The lock is not held while the host is waited for.
/// Order of locks: the transport's, then <see cref="_gate"/>.
/// </remarks>
/// <param name="name">The thread's.</param>
internal abstract class RequestThread(string name) : IDisposable
{
    private readonly object _gate = new();
    private readonly Queue<DescriptorChain> _waiting = new();
    private Thread? _thread;
    private IVirtioInterrupts? _interrupts;
    private bool _isBusy;
    private bool _isEnding;

    /// <summary>The request in work; null once it is done, or a reset has taken it away. Under the transport's lock.</summary>
    protected DescriptorChain? Current { get; set; }

    /// <summary>Where the transport's lock is to be had; null while the device is not in use.</summary>
    protected IVirtioInterrupts? Interrupts => Volatile.Read(ref _interrupts);

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
                _thread = new Thread(Run) { IsBackground = true, Name = name };
                _thread.Start();
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Drops what waits, and the result of what is being done.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _waiting.Clear();
            Current = null;
            _interrupts = null;
            Forgotten();
        }
    }

    /// <summary>Waits until everything is done. Not under the transport's lock.</summary>
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

    /// <summary>A reset came. Under this object's lock.</summary>
    protected virtual void Forgotten()
    {
    }

    /// <summary>The next request is about to be taken. Under this object's lock.</summary>
    protected virtual void Taking()
    {
    }

    /// <summary>Does one request, on the thread.</summary>
    /// <param name="chain">It.</param>
    /// <param name="interrupts">As of when it was taken; null where the device was not in use.</param>
    protected abstract void Serve(DescriptorChain chain, IVirtioInterrupts? interrupts);

    private void Run()
    {
        while (true)
        {
            DescriptorChain chain;
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
                Taking();
                chain = _waiting.Dequeue();
                Current = chain;
                interrupts = _interrupts;
            }

            Serve(chain, interrupts);
        }
    }
}

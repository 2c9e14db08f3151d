namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>The thread that does a disk's requests in order while the guest runs on.</summary>
/// <remarks>
/// Guest RAM is touched under the transport's lock, and only for requests made since the last reset: what the driver gave to an earlier
/// life of the device may have become something else. The lock is not held while the host's disk is waited for.
/// Order of locks: the transport's, then <see cref="_gate"/>.
/// </remarks>
internal sealed class BlockWorker : IDisposable
{
    private readonly BlockRequests _requests;
    private readonly Action<DescriptorChain, byte, uint> _completed;
    private readonly Buffer _buffer;
    private readonly object _gate = new();
    private readonly Queue<DescriptorChain> _waiting = new();
    private readonly Action _complete;
    private Thread? _thread;
    private IVirtioInterrupts? _interrupts;
    private DescriptorChain? _current;
    private byte _status;
    private uint _written;
    private bool _isBusy;
    private bool _isEnding;

    /// <param name="requests">Does a request.</param>
    /// <param name="completed">Gets a request that is done, its status and length, under the transport's lock.</param>
    public BlockWorker(BlockRequests requests, Action<DescriptorChain, byte, uint> completed)
    {
        _requests = requests;
        _completed = completed;
        _buffer = new Buffer(this);
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
                _thread = new Thread(Run) { IsBackground = true, Name = "arm64vm-disk" };
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
            _current = null;
            _interrupts = null;
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
                chain = _waiting.Dequeue();
                _current = chain;
                interrupts = _interrupts;
            }

            _status = _requests.Serve(chain, _buffer, out _written);
            interrupts?.Synchronize(_complete);
        }
    }

    /// <summary>Under the transport's lock, as a reset is: a request that is still current stays so.</summary>
    private void Complete()
    {
        if (_current is not { } chain)
            return;
        _current = null;
        _completed(chain, _status, _written);
    }

    /// <summary>Copies under the transport's lock.</summary>
    private sealed class Buffer : BlockBuffer
    {
        private readonly BlockWorker _worker;
        private readonly Action _copy;
        private DescriptorChain? _chain;
        private ulong _offset;
        private int _length;
        private bool _gives;
        private bool _done;

        public Buffer(BlockWorker worker)
        {
            _worker = worker;
            _copy = Copy;
        }

        public override bool TryTake(DescriptorChain chain, ulong offset, int length) => TryCopy(chain, offset, length, gives: false);

        public override bool TryGive(DescriptorChain chain, ulong offset, int length) => TryCopy(chain, offset, length, gives: true);

        private bool TryCopy(DescriptorChain chain, ulong offset, int length, bool gives)
        {
            (_chain, _offset, _length, _gives, _done) = (chain, offset, length, gives, false);
            Volatile.Read(ref _worker._interrupts)?.Synchronize(_copy);
            return _done;
        }

        private void Copy()
        {
            if (_worker._current == _chain)
                _done = _gives ? base.TryGive(_chain!, _offset, _length) : base.TryTake(_chain!, _offset, _length);
        }
    }
}

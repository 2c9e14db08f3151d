namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>The thread that does a disk's requests.</summary>
internal sealed class BlockWorker : RequestThread
{
    private readonly BlockRequests _requests;
    private readonly Action<DescriptorChain, byte, uint> _completed;
    private readonly Buffer _buffer;
    private readonly Action _complete;
    private byte _status;
    private uint _written;

    /// <param name="requests">Does a request.</param>
    /// <param name="completed">Gets a request that is done, its status and length, under the transport's lock.</param>
    public BlockWorker(BlockRequests requests, Action<DescriptorChain, byte, uint> completed)
        : base("arm64vm-disk")
    {
        _requests = requests;
        _completed = completed;
        _buffer = new Buffer(this);
        _complete = Complete;
    }

    protected override void Serve(DescriptorChain chain, IVirtioInterrupts? interrupts)
    {
        _status = _requests.Serve(chain, _buffer, out _written);
        interrupts?.Synchronize(_complete);
    }

    /// <summary>Under the transport's lock, as a reset is: a request that is still current stays so.</summary>
    private void Complete()
    {
        if (Current is not { } chain)
            return;
        Current = null;
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
            _worker.Interrupts?.Synchronize(_copy);
            return _done;
        }

        private void Copy()
        {
            if (_worker.Current == _chain)
                _done = _gives ? base.TryGive(_chain!, _offset, _length) : base.TryTake(_chain!, _offset, _length);
        }
    }
}

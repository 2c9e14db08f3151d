using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Devices.Sharing;

namespace Arm64Vm.Devices.Virtio.Share;

/// <summary>A folder of the host (Linux's 9pnet_virtio): <c>mount -t 9p -o trans=virtio,version=9p2000.L TAG /mnt</c>.</summary>
/// <remarks>With a thread of its own no request is done before the notification returns.</remarks>
internal sealed class VirtioShare : IVirtioDevice, IDisposable
{
    /// <summary>Characters of a tag, as many as in QEMU.</summary>
    public const int LongestTag = 31;

    private const ushort QueueSize = 128;
    private const ulong FeatureMountTag = 1;

    private readonly ShareRequests _requests;
    private readonly ShareWorker? _worker;
    private readonly byte[] _configuration;
    private readonly Stack<DescriptorChain> _free = new();
    private Virtqueue? _queue;
    private IVirtioInterrupts? _interrupts;

    /// <param name="folder">What is shared; not owned, and for one device at a time.</param>
    /// <param name="tag">By which the guest names it: ASCII.</param>
    /// <param name="hasThread">Requests are done on a thread of the device's own.</param>
    /// <exception cref="ArgumentException">The tag is empty or too long.</exception>
    public VirtioShare(SharedFolder folder, string tag, bool hasThread = false)
    {
        if (tag.Length is 0 or > LongestTag || !Ascii.IsValid(tag))
            throw new ArgumentException($"The tag of a share has 1 to {LongestTag} ASCII characters.");
        _configuration = new byte[2 + tag.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(_configuration, (ushort)tag.Length);
        Encoding.ASCII.GetBytes(tag, _configuration.AsSpan(2));
        _requests = new ShareRequests(folder.Server);
        _worker = hasThread ? new ShareWorker(_requests, Complete) : null;
    }

    /// <inheritdoc/>
    public uint DeviceId => 9;

    /// <inheritdoc/>
    public ulong Features => FeatureMountTag;

    /// <inheritdoc/>
    public int QueueCount => 1;

    /// <inheritdoc/>
    public ushort GetMaximumQueueSize(int queue) => QueueSize;

    /// <inheritdoc/>
    public void Activate(ulong features, IReadOnlyList<Virtqueue> queues, IVirtioInterrupts interrupts)
    {
        _queue = queues[0];
        _interrupts = interrupts;
        _worker?.Activate(interrupts);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        if (_worker is null)
            _requests.Clear();
        else
            _worker.Forget();
        _free.Clear();
        _queue = null;
        _interrupts = null;
    }

    /// <inheritdoc/>
    public void Quiesce() => _worker?.Drain();

    /// <inheritdoc/>
    public void Notify(int queue)
    {
        if (_queue is not { } ring)
            return;

        // Without a thread no more than a queue's size at a time: a guest that keeps adding must not keep the processor here.
        var left = _worker is null ? QueueSize : int.MaxValue;
        do
        {
            while (left > 0)
            {
                var chain = _free.TryPop(out var used) ? used : ring.CreateChain();
                if (!ring.TryPop(chain))
                {
                    _free.Push(chain);
                    break;
                }

                left--;
                Start(chain);
            }
        }
        while (ring.EnableNotifications() && left > 0);
        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
    }

    /// <inheritdoc/>
    public void ReadConfiguration(uint offset, Span<byte> destination)
    {
        if (offset < _configuration.Length)
            _configuration.AsSpan((int)offset, Math.Min(destination.Length, _configuration.Length - (int)offset)).CopyTo(destination);
    }

    /// <inheritdoc/>
    public void WriteConfiguration(uint offset, ReadOnlySpan<byte> source)
    {
    }

    /// <summary>Finishes what is in flight, ends the thread and closes every file but the folder itself.</summary>
    public void Dispose()
    {
        _worker?.Dispose();
        _requests.Clear();
    }

    private void Start(DescriptorChain chain)
    {
        if (_worker is not null)
        {
            _worker.Enqueue(chain);
            return;
        }

        _requests.Take(chain);
        _requests.Answer();
        Finish(chain, _requests.Give(chain));
    }

    /// <summary>A request that was done on the thread; called under the device's lock while the device is live.</summary>
    private void Complete(DescriptorChain chain, int length)
    {
        Finish(chain, length);
        if (_queue is { } ring && ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
    }

    private void Finish(DescriptorChain chain, int length)
    {
        _queue?.Push(chain.Head, (uint)length);
        _free.Push(chain);
    }
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Net.Tap;

/// <summary>A tap interface of the host, or one of its queues. The host's kernel completes checksums and cuts segments, or leaves them to the guest.</summary>
internal sealed class TapNetwork : INetwork
{
    private readonly SafeFileHandle _tap;

    /// <summary>Ends a wait: something here has changed.</summary>
    private readonly SafeFileHandle _changed = TapCalls.CreateEvent();
    private readonly byte[] _out = new byte[FrameHeader.Size + INetwork.MaximumAnyFrame];
    private readonly byte[] _in = new byte[FrameHeader.Size + INetwork.MaximumAnyFrame];
    private int _begun;
    private int _received;
    private volatile bool _isUp = true;
    private volatile bool _isInUse = true;

    private TapNetwork(string name, bool hasQueues)
    {
        _tap = TapCalls.Open(name, hasQueues) ?? throw new NetworkException(
            $"The tap interface '{name}' cannot be used ({Marshal.GetLastPInvokeErrorMessage()}); 'ip tuntap add {name} mode tap {(hasQueues ? "multi_queue " : "")}user $USER' makes one, as root.");
        TapCalls.SetOffloads(_tap, false, false, false);
    }

    /// <summary>Attaches to an interface, creating it where the user may.</summary>
    /// <param name="name">Its name, at most 15 characters.</param>
    /// <param name="queues">How many queues; more than one needs an interface that is made for them.</param>
    /// <returns>Its queues, all in use.</returns>
    /// <exception cref="NetworkException">It cannot be had.</exception>
    public static IReadOnlyList<TapNetwork> Open(string name, int queues = 1)
    {
        var opened = new List<TapNetwork>();
        try
        {
            while (opened.Count < queues)
                opened.Add(new TapNetwork(name, queues > 1));
            return opened;
        }
        catch
        {
            foreach (var queue in opened)
                queue.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public NetworkOffloads Offloads => NetworkOffloads.TakesChecksums | NetworkOffloads.TakesSegments | NetworkOffloads.GivesBoth;

    /// <inheritdoc/>
    public int MaximumFrame => INetwork.MaximumAnyFrame;

    /// <inheritdoc/>
    public bool IsUp => _isUp;

    /// <inheritdoc/>
    public bool HasRoom => true;

    /// <inheritdoc/>
    public void Accept(bool checksums, bool segments4, bool segments6) => TapCalls.SetOffloads(_tap, checksums, segments4, segments6);

    /// <inheritdoc/>
    public void SetInUse(bool isInUse)
    {
        if (isInUse == _isInUse)
            return;

        // Who waits looks at the interface only while this is attached: a poll of a detached queue fails at once.
        if (!isInUse)
            _isInUse = false;
        TapCalls.SetAttached(_tap, isInUse);
        _isInUse = isInUse;
        Signal();
    }

    /// <inheritdoc/>
    public Span<byte> Begin(int length)
    {
        _begun = length;
        return _out.AsSpan(FrameHeader.Size, length);
    }

    /// <summary>Writes the frame; the interface's queue never makes us wait, it drops.</summary>
    public void End(in FrameHeader header)
    {
        header.Write(_out);
        while (TapCalls.Write(_tap, _out.AsSpan(0, FrameHeader.Size + _begun)) < 0 && Marshal.GetLastPInvokeError() == TapCalls.Interrupted)
        {
        }
    }

    /// <inheritdoc/>
    public void Flush()
    {
    }

    /// <summary>One frame is kept here; the others wait in the interface's queue.</summary>
    public bool IsFull => Volatile.Read(ref _received) > FrameHeader.Size;

    /// <inheritdoc/>
    public bool WaitForMore()
    {
        if (!_isUp || IsFull)
            return _isUp;
        TapCalls.WaitForInput(_changed, _isInUse ? _tap : null);
        Span<byte> count = stackalloc byte[sizeof(ulong)];
        TapCalls.Read(_changed, count);
        return _isUp;
    }

    /// <inheritdoc/>
    public bool TryPeek(out FrameHeader header, out ReadOnlySpan<byte> frame)
    {
        var found = _isUp && TryReceive();
        header = found ? FrameHeader.Read(_in) : default;
        frame = found ? _in.AsSpan(FrameHeader.Size, _received - FrameHeader.Size) : default;
        return found;
    }

    /// <inheritdoc/>
    public void Consume() => _received = 0;

    /// <inheritdoc/>
    public void Close()
    {
        _isUp = false;
        Signal();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tap.Dispose();
        _changed.Dispose();
    }

    private void Signal() => TapCalls.Write(_changed, BitConverter.GetBytes(1ul));

    private bool TryReceive()
    {
        if (_received > FrameHeader.Size)
            return true;
        if (!_isInUse)
            return false;
        var received = TapCalls.Read(_tap, _in);
        Volatile.Write(ref _received, received);
        if (received < 0 && Marshal.GetLastPInvokeError() is not (TapCalls.Again or TapCalls.Interrupted or TapCalls.Detached))
            _isUp = false;
        return received > FrameHeader.Size;
    }
}

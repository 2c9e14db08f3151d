using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Net.Tap;

/// <summary>A tap interface of the host. The host's kernel completes checksums and cuts segments, or leaves them to the guest.</summary>
internal sealed class TapNetwork : INetwork
{
    private readonly SafeFileHandle _tap;
    private readonly SafeFileHandle _closed = TapCalls.CreateEvent();
    private readonly byte[] _out = new byte[FrameHeader.Size + INetwork.MaximumAnyFrame];
    private readonly byte[] _in = new byte[FrameHeader.Size + INetwork.MaximumAnyFrame];
    private int _begun;
    private int _received;
    private volatile bool _isUp = true;

    /// <summary>Attaches to an interface, creating it where the user may.</summary>
    /// <param name="name">Its name, at most 15 characters.</param>
    /// <exception cref="NetworkException">It cannot be had.</exception>
    public TapNetwork(string name)
    {
        _tap = TapCalls.Open(name) ?? throw new NetworkException(
            $"The tap interface '{name}' cannot be used ({Marshal.GetLastPInvokeErrorMessage()}); 'ip tuntap add {name} mode tap user $USER' makes one, as root.");
        TapCalls.SetOffloads(_tap, false, false, false);
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
        if (_isUp && !IsFull)
            TapCalls.WaitForInput(_tap, _closed);
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
        TapCalls.Write(_closed, BitConverter.GetBytes(1ul));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tap.Dispose();
        _closed.Dispose();
    }

    private bool TryReceive()
    {
        if (_received > FrameHeader.Size)
            return true;
        var received = TapCalls.Read(_tap, _in);
        Volatile.Write(ref _received, received);
        if (received < 0 && Marshal.GetLastPInvokeError() is not (TapCalls.Again or TapCalls.Interrupted))
            _isUp = false;
        return received > FrameHeader.Size;
    }
}

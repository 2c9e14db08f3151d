using System.Buffers.Binary;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Tpm;

/// <summary>A module behind the command response buffer interface (TCG PC Client Platform TPM Profile 1.05, 6.4; "CRB"): a page with registers and a buffer.</summary>
/// <remarks>Drivers poll. There is locality 0 alone. Commands are executed on a thread and not cancelled, see <see cref="TpmExchange"/>.</remarks>
internal sealed class TpmCrb : IMmioDevice, IStateful<TpmCrbState>, IDisposable
{
    /// <summary>Bytes of registers and buffer.</summary>
    public const uint Length = 0x1000;

    /// <summary>Where the control area begins, which ACPI tells drivers of.</summary>
    public const uint ControlArea = ControlRequest;

    private const uint LocalityState = 0x00;
    private const uint LocalityControl = 0x08;
    private const uint LocalityStatus = 0x0C;
    private const uint InterfaceId = 0x30;
    private const uint VendorId = 0x34;
    private const uint ControlRequest = 0x40;
    private const uint ControlStatus = 0x44;
    private const uint ControlStart = 0x4C;
    private const uint CommandSize = 0x58;
    private const uint CommandLow = 0x5C;
    private const uint ResponseSize = 0x64;
    private const uint ResponseLow = 0x68;
    private const uint Data = 0x80;
    private const uint DataSize = Length - Data;

    // TPM_LOC_STATE, TPM_LOC_CTRL.
    private const uint NotEstablished = 1 << 0;
    private const uint Assigned = 1 << 1;
    private const uint StateIsValid = 1 << 7;
    private const uint RequestAccess = 1 << 0;
    private const uint Relinquish = 1 << 1;

    // TPM_CRB_CTRL_REQ, TPM_CRB_CTRL_STS.
    private const uint RequestReady = 1 << 0;
    private const uint RequestIdle = 1 << 1;
    private const uint StatusIdle = 1 << 1;

    /// <summary>CRB version 1, transfers of 64 bytes, and CRB is the one interface.</summary>
    private const uint InterfaceIdValue = 1 | (1 << 4) | (3 << 11) | (1 << 14) | (1 << 17) | (1 << 19);

    private const uint VendorIdValue = 0x0001_1014;

    private readonly Lock _gate = new();
    private readonly ulong _base;
    private readonly TpmExchange _exchange;
    private readonly byte[] _buffer = new byte[DataSize];
    private bool _isAssigned;
    private bool _isIdle = true;

    /// <param name="tpm">The module, which is switched on.</param>
    /// <param name="address">Where the registers are.</param>
    /// <param name="hasThread">Commands are executed on a thread.</param>
    public TpmCrb(ITpm tpm, ulong address, bool hasThread)
    {
        _base = address;
        _exchange = new TpmExchange(tpm, _gate, hasThread, Completed);
    }

    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        value = 0;
        if (!IsAccepted(offset, size))
            return false;
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        bytes.Clear();
        lock (_gate)
        {
            if (offset >= Data)
            {
                _buffer.AsSpan((int)(offset - Data), size).CopyTo(bytes);
            }
            else
            {
                var register = (uint)offset & ~3u;
                var both = ReadRegister(register) | (ulong)ReadRegister(register + 4) << 32;
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, both >> (8 * (int)(offset & 3)));
                bytes[size..].Clear();
            }
        }

        value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, int size, ulong value)
    {
        if (!IsAccepted(offset, size))
            return false;
        lock (_gate)
        {
            if (offset >= Data)
            {
                // The buffer is the module's while it executes.
                if (!_exchange.IsBusy)
                {
                    for (var i = 0; i < size; i++)
                        _buffer[(int)(offset - Data) + i] = (byte)(value >> (8 * i));
                }
            }
            else if ((offset & 3) == 0)
            {
                WriteRegister((uint)offset, (uint)value);
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public TpmCrbState Save()
    {
        _exchange.Finish();
        lock (_gate)
            return new TpmCrbState(_isAssigned, _isIdle, [.. _buffer]);
    }

    /// <inheritdoc/>
    public void Restore(TpmCrbState state)
    {
        lock (_gate)
        {
            (_isAssigned, _isIdle) = (state.IsAssigned, state.IsIdle);
            state.Buffer.AsSpan(0, Math.Min(state.Buffer.Length, _buffer.Length)).CopyTo(_buffer);
        }
    }

    /// <summary>Finishes what is being executed; the module stays.</summary>
    public void Dispose() => _exchange.Dispose();

    private static bool IsAccepted(ulong offset, int size) => size is 1 or 2 or 4 or 8 && offset % (uint)size == 0 && offset + (uint)size <= Length;

    private uint ReadRegister(uint register) => register switch
    {
        LocalityState => StateIsValid | NotEstablished | (_isAssigned ? Assigned : 0),
        LocalityStatus => _isAssigned ? 1u : 0,
        InterfaceId => InterfaceIdValue,
        VendorId => VendorIdValue,
        ControlStatus => _isIdle ? StatusIdle : 0,
        ControlStart => _exchange.IsBusy ? 1u : 0,
        CommandSize or ResponseSize => DataSize,
        CommandLow or ResponseLow => (uint)_base + Data,
        CommandLow + 4 or ResponseLow + 4 => (uint)(_base >> 32),
        _ => 0,
    };

    private void WriteRegister(uint register, uint value)
    {
        switch (register)
        {
            case LocalityControl:
                if ((value & (RequestAccess | Relinquish)) != 0)
                    _isAssigned = (value & RequestAccess) != 0;
                break;
            case ControlRequest when !_exchange.IsBusy:
                if ((value & (RequestReady | RequestIdle)) != 0)
                    _isIdle = (value & RequestReady) == 0;
                break;
            case ControlStart when (value & 1) != 0 && _isAssigned && !_isIdle && !_exchange.IsBusy:
                _exchange.Begin(0, _buffer.AsSpan(0, (int)Math.Min(TpmMessage.SizeOf(_buffer), DataSize)));
                break;
        }
    }

    /// <summary>Called under the lock.</summary>
    private void Completed()
    {
        var response = _exchange.Response;
        response[..Math.Min(response.Length, _buffer.Length)].CopyTo(_buffer);
    }
}

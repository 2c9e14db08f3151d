using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Tpm;

/// <summary>A module behind the FIFO interface (TCG PC Client Platform TPM Profile 1.05, 6.5; "TIS"): five pages of registers, one for each locality.</summary>
/// <remarks>
/// Drivers poll: it raises no interrupts and says so. Locality 4, which is for the processor's own dynamic launch, cannot be had.
/// Commands are executed on a thread and not cancelled, see <see cref="TpmExchange"/>.
/// </remarks>
internal sealed class TpmTis : IMmioDevice, IStateful<TpmTisState>, IDisposable
{
    /// <summary>Bytes of all registers.</summary>
    public const uint Length = 5 * Page;

    private const uint Page = 0x1000;

    /// <summary>Localities that software can have.</summary>
    private const int Localities = 4;

    private const uint Access = 0x00;
    private const uint InterruptEnable = 0x08;
    private const uint InterruptVector = 0x0C;
    private const uint InterruptStatus = 0x10;
    private const uint Capability = 0x14;
    private const uint Status = 0x18;
    private const uint Fifo = 0x24;
    private const uint InterfaceId = 0x30;
    private const uint WideFifo = 0x80;
    private const uint WideFifoEnd = 0xC0;
    private const uint VendorId = 0xF00;
    private const uint RevisionId = 0xF04;

    // TPM_ACCESS.
    private const uint NotEstablished = 1 << 0;
    private const uint RequestUse = 1 << 1;
    private const uint PendingRequest = 1 << 2;
    private const uint Seize = 1 << 3;
    private const uint BeenSeized = 1 << 4;
    private const uint ActiveLocality = 1 << 5;
    private const uint AccessIsValid = 1 << 7;

    // TPM_STS.
    private const uint ResponseRetry = 1 << 1;
    private const uint Expect = 1 << 3;
    private const uint DataAvailable = 1 << 4;
    private const uint Go = 1 << 5;
    private const uint CommandReady = 1 << 6;
    private const uint StatusIsValid = 1 << 7;
    private const int BurstShift = 8;
    private const uint Family2 = 1 << 26;

    /// <summary>TIS 1.3 for TPM 2.0, transfers of 64 bytes, a burst count that changes.</summary>
    private const uint CapabilityValue = (3u << 28) | (3 << 9);

    /// <summary>The FIFO interface, five localities, nothing else to choose from.</summary>
    private const uint InterfaceIdValue = (1 << 13) | (1 << 8);

    /// <summary>Those of QEMU's.</summary>
    private const uint VendorIdValue = 0x0001_1014;
    private const uint RevisionIdValue = 1;

    private readonly Lock _gate = new();
    private readonly TpmExchange _exchange;
    private readonly byte[] _message = new byte[ITpm.MaximumMessage];
    private readonly uint[] _interruptEnable = new uint[Localities + 1];
    private int _active = -1;
    private int _requests;
    private int _seized;
    private TpmTisPhase _phase;
    private int _length;
    private int _position;

    /// <param name="tpm">The module, which is switched on.</param>
    /// <param name="hasThread">Commands are executed on a thread.</param>
    public TpmTis(ITpm tpm, bool hasThread) => _exchange = new TpmExchange(tpm, _gate, hasThread, Completed);

    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        value = 0;
        if (!IsAccepted(offset, size))
            return false;
        var (locality, register) = ((int)(offset / Page), (uint)offset % Page);
        lock (_gate)
        {
            if (IsFifo(register))
            {
                for (var i = 0; i < size; i++)
                    value |= (ulong)ReadByte(locality) << (8 * i);
                return true;
            }

            value = ReadRegister(locality, register & ~3u) >> (8 * (int)(register & 3));
            if (size == 8)
                value |= (ulong)ReadRegister(locality, register + 4) << 32;
            else
                value &= (1ul << (8 * size)) - 1;
            return true;
        }
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, int size, ulong value)
    {
        if (!IsAccepted(offset, size))
            return false;
        var (locality, register) = ((int)(offset / Page), (uint)offset % Page);
        if (locality >= Localities)
            return true;
        lock (_gate)
        {
            if (IsFifo(register))
            {
                for (var i = 0; i < size; i++)
                    WriteByte(locality, (byte)(value >> (8 * i)));
                return true;
            }

            if (size < 8)
                value &= (1ul << (8 * size)) - 1;
            WriteRegister(locality, register & ~3u, (uint)value << (8 * (int)(register & 3)));
            if (size == 8)
                WriteRegister(locality, register + 4, (uint)(value >> 32));
            return true;
        }
    }

    /// <inheritdoc/>
    public TpmTisState Save()
    {
        _exchange.Finish();
        lock (_gate)
            return new TpmTisState(_active, _requests, _seized, _phase, _message[.._length], _position, [.. _interruptEnable]);
    }

    /// <inheritdoc/>
    public void Restore(TpmTisState state)
    {
        const int AllLocalities = (1 << Localities) - 1;
        lock (_gate)
        {
            _active = Math.Clamp(state.Active, -1, Localities - 1);
            (_requests, _seized) = (state.Requests & AllLocalities, state.Seized & AllLocalities);
            _phase = state.Phase is TpmTisPhase.Ready or TpmTisPhase.Reception or TpmTisPhase.Completion ? state.Phase : TpmTisPhase.Idle;
            _length = Math.Min(state.Message.Length, _message.Length);
            state.Message.AsSpan(0, _length).CopyTo(_message);
            _position = Math.Clamp(state.Position, 0, _length);
            state.InterruptEnable.AsSpan(0, Math.Min(state.InterruptEnable.Length, _interruptEnable.Length)).CopyTo(_interruptEnable);
        }
    }

    /// <summary>Finishes what is being executed; the module stays.</summary>
    public void Dispose() => _exchange.Dispose();

    private static bool IsAccepted(ulong offset, int size) => size is 1 or 2 or 4 or 8 && offset % (uint)size == 0 && offset + (uint)size <= Length;

    private static bool IsFifo(uint register) => register is (>= Fifo and < Fifo + 4) or (>= WideFifo and < WideFifoEnd);

    private uint ReadRegister(int locality, uint register) => register switch
    {
        Access => ReadAccess(locality),
        InterruptEnable => _interruptEnable[locality],
        InterruptVector or InterruptStatus => 0,
        Capability => CapabilityValue,
        Status when locality == _active => ReadStatus(),
        InterfaceId => InterfaceIdValue,
        VendorId => VendorIdValue,
        RevisionId => RevisionIdValue,
        _ => uint.MaxValue,
    };

    private uint ReadAccess(int locality)
    {
        var value = AccessIsValid | NotEstablished;
        if (locality == _active)
            value |= ActiveLocality;
        if ((_seized >> locality & 1) != 0)
            value |= BeenSeized;
        if ((_requests >> locality & 1) != 0)
            value |= RequestUse;
        if ((_requests & ~(1 << locality)) != 0)
            value |= PendingRequest;
        return value;
    }

    private uint ReadStatus() => Family2 | _phase switch
    {
        TpmTisPhase.Ready => CommandReady | StatusIsValid | Burst(ITpm.MaximumMessage),
        TpmTisPhase.Reception => StatusIsValid | (ExpectsMore ? Expect : 0) | Burst(ITpm.MaximumMessage - _length),
        TpmTisPhase.Completion => StatusIsValid | (_position < _length ? DataAvailable : 0) | Burst(_length - _position),
        _ => 0,
    };

    private static uint Burst(int bytes) => (uint)bytes << BurstShift;

    /// <summary>The command is not as long yet as its header says.</summary>
    private bool ExpectsMore => _length < _message.Length && (uint)_length < TpmMessage.SizeOf(_message.AsSpan(0, _length));

    private void WriteRegister(int locality, uint register, uint value)
    {
        switch (register)
        {
            case Access:
                WriteAccess(locality, value);
                break;
            case InterruptEnable:
                _interruptEnable[locality] = value;
                break;
            case Status when locality == _active:
                WriteStatus(value);
                break;
        }
    }

    private void WriteAccess(int locality, uint value)
    {
        if ((value & ActiveLocality) != 0)
        {
            _requests &= ~(1 << locality);
            if (locality == _active)
                Activate(_requests == 0 ? -1 : 31 - int.LeadingZeroCount(_requests));
        }

        if ((value & BeenSeized) != 0)
            _seized &= ~(1 << locality);
        if ((value & Seize) != 0 && locality > _active)
        {
            if (_active >= 0)
                _seized |= 1 << _active;
            Activate(locality);
        }

        if ((value & RequestUse) == 0 || locality == _active)
            return;
        if (_active < 0)
            Activate(locality);
        else
            _requests |= 1 << locality;
    }

    /// <summary>Another locality has the module: the result of what the last one began is dropped.</summary>
    private void Activate(int locality)
    {
        _active = locality;
        if (locality >= 0)
            _requests &= ~(1 << locality);
        _phase = TpmTisPhase.Idle;
        (_length, _position) = (0, 0);
    }

    private void WriteStatus(uint value)
    {
        if ((value & CommandReady) != 0)
        {
            (_length, _position) = (0, 0);
            _phase = _exchange.IsBusy ? TpmTisPhase.Aborting : TpmTisPhase.Ready;
        }
        else if ((value & Go) != 0 && _phase == TpmTisPhase.Reception && !ExpectsMore)
        {
            _phase = TpmTisPhase.Execution;
            _exchange.Begin(_active, _message.AsSpan(0, _length));
        }
        else if ((value & ResponseRetry) != 0 && _phase == TpmTisPhase.Completion)
        {
            _position = 0;
        }
    }

    private byte ReadByte(int locality) =>
        locality == _active && _phase == TpmTisPhase.Completion && _position < _length ? _message[_position++] : byte.MaxValue;

    private void WriteByte(int locality, byte value)
    {
        if (locality != _active || _phase is not (TpmTisPhase.Ready or TpmTisPhase.Reception))
            return;
        _phase = TpmTisPhase.Reception;
        if (ExpectsMore)
            _message[_length++] = value;
    }

    /// <summary>Called under the lock.</summary>
    private void Completed()
    {
        if (_phase == TpmTisPhase.Aborting)
        {
            _phase = TpmTisPhase.Ready;
        }
        else if (_phase == TpmTisPhase.Execution)
        {
            _phase = TpmTisPhase.Completion;
            _exchange.Response.CopyTo(_message);
            (_length, _position) = (_exchange.Response.Length, 0);
        }
    }
}

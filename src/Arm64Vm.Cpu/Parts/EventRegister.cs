namespace Arm64Vm.Cpu.Parts;

/// <summary>A processor's event register (Arm ARM D1.6.1): set by itself, or by an event that was sent to all.</summary>
internal sealed class EventRegister(EventBroadcast broadcast, int index)
{
    /// <summary>Events of the machine that this processor has used up.</summary>
    private ulong _seen;
    private bool _isSetHere;

    public bool IsSet => _isSetHere || broadcast.Sent != _seen;

    /// <summary>SEVL, exception returns.</summary>
    public void Set() => _isSetHere = true;

    public void Clear()
    {
        _isSetHere = false;
        _seen = broadcast.Sent;
    }

    /// <summary>SEV: the registers of all processors.</summary>
    public void Send() => broadcast.Send();

    /// <summary>The processor begins or ends to wait for the register to be set.</summary>
    public void SetWaiting(bool waits)
    {
        if (waits)
            broadcast.Sleep(index);
        else
            broadcast.Awake(index);
    }
}

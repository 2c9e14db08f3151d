namespace Arm64Vm.Devices.Uart;

/// <summary>The host's side of a serial line.</summary>
internal interface ICharacterBackend
{
    /// <summary>Takes one byte that the guest sent. Called once per byte on a vCPU thread, so it must only buffer.</summary>
    void Write(byte value);

    /// <summary>Takes the next byte for the guest; false when there is none. What the device does not take stays queued.</summary>
    bool TryRead(out byte value);

    /// <summary>Sets whom to call, from any thread and with no lock held, when input turned up in an empty queue.</summary>
    void SetInputHandler(Action? inputAvailable);
}

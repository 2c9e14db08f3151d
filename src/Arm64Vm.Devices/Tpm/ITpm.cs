namespace Arm64Vm.Devices.Tpm;

/// <summary>What executes the commands of a trusted platform module.</summary>
internal interface ITpm
{
    /// <summary>The largest command, and the largest response, in bytes: what the buffer of a CRB interface holds.</summary>
    const int MaximumMessage = 0xF80;

    /// <summary>As the machine's power-on or reset does: what is not kept is forgotten, and the guest has to start it up.</summary>
    void PowerOn();

    /// <summary>Executes a command, which may take seconds. One at a time.</summary>
    /// <param name="locality">Who gives it, 0 to 4.</param>
    /// <param name="command">A whole command, as long as its header says.</param>
    /// <param name="response">Room for <see cref="MaximumMessage"/> bytes.</param>
    /// <returns>Bytes of the response; 0: there is none, the module is gone.</returns>
    int Execute(int locality, ReadOnlySpan<byte> command, Span<byte> response);
}

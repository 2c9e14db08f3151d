using System.Text;

namespace Arm64Vm.Devices.Uart;

/// <summary>Keeps what the guest sends in memory and feeds it scripted input: tests and embedding.</summary>
internal sealed class MemoryCharacterBackend : ICharacterBackend
{
    private readonly Lock _gate = new();
    private readonly MemoryStream _output = new();

    /// <summary>Where input goes.</summary>
    public CharacterInputQueue Input { get; } = new();

    /// <summary>Everything sent so far.</summary>
    public byte[] Output
    {
        get
        {
            lock (_gate)
                return _output.ToArray();
        }
    }

    /// <summary><see cref="Output"/> as Latin-1 text, one character per byte.</summary>
    public string OutputText => Encoding.Latin1.GetString(Output);

    /// <inheritdoc/>
    public void Write(byte value)
    {
        lock (_gate)
            _output.WriteByte(value);
    }

    /// <inheritdoc/>
    public bool TryRead(out byte value) => Input.TryRead(out value);

    /// <inheritdoc/>
    public void SetInputHandler(Action? inputAvailable) => Input.SetInputHandler(inputAvailable);
}

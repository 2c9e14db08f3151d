using Arm64Vm.Devices.Uart;

namespace Arm64Vm.Devices.Tests.Uart;

/// <summary>Keeps the last input handler, as a thread does that has fetched it and not called it yet.</summary>
internal sealed class HeldHandlerBackend : ICharacterBackend
{
    private readonly Queue<byte> _input = new();
    private Action? _held;

    /// <summary>Bytes that nobody has taken.</summary>
    public int Waiting => _input.Count;

    public void Write(byte value)
    {
    }

    public bool TryRead(out byte value) => _input.TryDequeue(out value);

    public void SetInputHandler(Action? inputAvailable) => _held = inputAvailable ?? _held;

    /// <summary>Gets input and tells the handler, even one that has been taken back meanwhile.</summary>
    public void Feed(byte value)
    {
        _input.Enqueue(value);
        _held?.Invoke();
    }
}

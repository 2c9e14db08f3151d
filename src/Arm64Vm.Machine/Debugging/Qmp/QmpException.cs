namespace Arm64Vm.Machine.Debugging.Qmp;

/// <summary>A command was refused.</summary>
/// <param name="errorClass">As QEMU's clients know it: GenericError, CommandNotFound and so on.</param>
/// <param name="message">For a person.</param>
internal sealed class QmpException(string errorClass, string message) : Exception(message)
{
    public const string Generic = "GenericError";
    public const string NotFound = "CommandNotFound";
    public const string NoDevice = "DeviceNotFound";

    public QmpException(string message)
        : this(Generic, message)
    {
    }

    public string ErrorClass { get; } = errorClass;
}

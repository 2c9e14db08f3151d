namespace Arm64Vm.Devices.Images;

/// <summary>An image that is damaged, or uses what is not supported.</summary>
internal sealed class ImageFormatException : IOException
{
    public ImageFormatException(string message)
        : base(message)
    {
    }

    public ImageFormatException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

namespace Arm64Vm.Devices.Sharing;

/// <summary>Linux's error numbers, which are the same for the host and the guest.</summary>
internal static class Errno
{
    public const int None = 0;
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int Io = 5;
    public const int BadDescriptor = 9;
    public const int NoMemory = 12;
    public const int Exists = 17;
    public const int NotDirectory = 20;
    public const int Invalid = 22;
    public const int TooManyFiles = 23;
    public const int NoSpace = 28;
    public const int ReadOnly = 30;
    public const int Range = 34;
    public const int NameTooLong = 36;
    public const int NoData = 61;
    public const int MessageSize = 90;
    public const int NotSupported = 95;
}

using System.Runtime.InteropServices;

namespace Arm64Vm.Devices;

/// <summary>poll(2).</summary>
internal static partial class PollCall
{
    [LibraryImport("libc")]
    internal static partial int poll(ref PollRequest requests, nuint count, int milliseconds);
}

/// <summary>struct pollfd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollRequest
{
    public int Descriptor;
    public short Events;
    public short Returned;
}

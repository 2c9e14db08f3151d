using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Tests;

/// <summary>Register accesses that must be accepted.</summary>
internal static class DeviceAccess
{
    public static uint Read(this IMmioDevice device, ulong offset, int size = 4) => (uint)device.ReadWide(offset, size);

    public static ulong ReadWide(this IMmioDevice device, ulong offset, int size)
    {
        Assert.True(device.TryRead(offset, size, out var value), $"read of {size} at 0x{offset:x}");
        return value;
    }

    public static void Write(this IMmioDevice device, ulong offset, ulong value, int size = 4) =>
        Assert.True(device.TryWrite(offset, size, value), $"write of {size} at 0x{offset:x}");
}

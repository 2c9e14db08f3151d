using BenchmarkDotNet.Attributes;

namespace Arm64Vm.Benchmarks;

/// <summary>Accesses that a whole processor serves outside emitted code.</summary>
[MemoryDiagnoser]
public class MemoryBenchmarks
{
    private const int Turns = 10_000;

    // 1: ldr w3, [x1]; subs x2, x2, #1; b.ne 1b; hvc #0
    private static ReadOnlySpan<uint> DeviceLoop => [0xB9400023, 0xF1000442, 0x54FFFFC1, 0xD4000002];

    // mov x4, #0x400000; 1: ldr x3, [x1]; ldr x3, [x1, x4]; subs x2, x2, #2; b.ne 1b; hvc #0
    // 4 MiB apart: the second access evicts the first from the slot that they share.
    private static ReadOnlySpan<uint> RefillLoop => [0xD2A00804, 0xF9400023, 0xF8646823, 0xF1000842, 0x54FFFFA1, 0xD4000002];

    private MachineGuest device = null!;
    private MachineGuest refill = null!;

    [GlobalSetup]
    public void Setup()
    {
        device = new MachineGuest(DeviceLoop);
        refill = new MachineGuest(RefillLoop);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        device.Dispose();
        refill.Dispose();
    }

    /// <summary>A 32-bit read of a device register that does nothing.</summary>
    [Benchmark(OperationsPerInvoke = Turns)]
    public void DeviceRead() => device.Run(x1: MachineGuest.Device, x2: Turns);

    /// <summary>A load whose page has to be put into the inline TLB: two pages fight for one slot.</summary>
    [Benchmark(OperationsPerInvoke = Turns)]
    public void InlineTlbRefill() => refill.Run(x1: MachineGuest.Ram + 0x10_0000, x2: Turns);
}

using Arm64Vm.Cpu;
using Arm64Vm.Devices.Gic;
using BenchmarkDotNet.Attributes;

namespace Arm64Vm.Benchmarks;

/// <summary>The interrupt controller's part of an interrupt, with few and with many processors that are not concerned.</summary>
[MemoryDiagnoser]
public class InterruptBenchmarks
{
    private const int VirtualTimer = 27;
    private static readonly SystemRegister Iar1 = new(3, 0, 12, 12, 0);
    private static readonly SystemRegister Eoir1 = new(3, 0, 12, 12, 1);
    private static readonly SystemRegister Sgi1r = new(3, 0, 12, 11, 5);

    private GicV3 gic = null!;
    private IInterruptLine timer = null!;

    [Params(1, 64)]
    public int Processors { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        gic = new GicV3([.. Enumerable.Range(0, Processors).Select(i => (ulong)(((i / 16) << 8) | (i % 16)))]);
        gic.Distributor.TryWrite(0, 4, 0x12);
        for (int i = 0; i < Processors; i++)
        {
            gic.Connect(i, new Wire(), new Wire(), static () => { });
            gic.Redistributors.TryWrite(((ulong)i * 0x2_0000) + 0x1_0080, 4, uint.MaxValue);
            gic.Redistributors.TryWrite(((ulong)i * 0x2_0000) + 0x1_0100, 4, uint.MaxValue);
            gic.TryWriteRegister(i, 1, new SystemRegister(3, 0, 4, 6, 0), 0xF0);
            gic.TryWriteRegister(i, 1, new SystemRegister(3, 0, 12, 12, 7), 1);
        }

        timer = gic.PrivateLine(0, VirtualTimer - 16);
    }

    /// <summary>The timer's line rises, is seen, acknowledged, falls, and the interrupt is ended.</summary>
    [Benchmark]
    public ulong TimerInterrupt()
    {
        timer.Set(true);
        gic.Drive(0);
        gic.TryReadRegister(0, 1, Iar1, out ulong id);
        timer.Set(false);
        gic.TryWriteRegister(0, 1, Eoir1, id);
        return id;
    }

    /// <summary>An SGI to oneself, acknowledged and ended.</summary>
    [Benchmark]
    public ulong SoftwareInterrupt()
    {
        gic.TryWriteRegister(0, 1, Sgi1r, (3UL << 24) | 1);
        gic.TryReadRegister(0, 1, Iar1, out ulong id);
        gic.TryWriteRegister(0, 1, Eoir1, id);
        return id;
    }

    private sealed class Wire : IInterruptLine
    {
        public void Set(bool asserted)
        {
        }
    }
}

using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Machine.Psci;
using Arm64Vm.Translation;

namespace Arm64Vm.Machine.Tests.Psci;

/// <summary>CPU_ON, CPU_OFF and AFFINITY_INFO among several processors (DEN 0022, 5.5 to 5.7): two clusters of two, as 0.0, 0.1, 1.0, 1.1.</summary>
public sealed class PsciProcessorTests : IDisposable
{
    private const uint CpuOff = 0x8400_0002;
    private const uint CpuOn = 0xC400_0003;
    private const uint CpuOn32 = 0x8400_0003;
    private const uint AffinityInfo = 0xC400_0004;
    private const ulong Success = 0;
    private const ulong InvalidParameters = ulong.MaxValue - 1;
    private const ulong AlreadyOn = ulong.MaxValue - 3;
    private const ulong OnPending = ulong.MaxValue - 4;
    private const ulong InvalidAddress = ulong.MaxValue - 8;
    private const ulong On = 0;
    private const ulong Off = 1;
    private const ulong Pending = 2;
    private static readonly ulong[] s_affinities = [0, 1, 0x100, 0x101];

    private readonly PsciFirmware _firmware = new();
    private readonly Vcpu[] _cpus = new Vcpu[4];
    private readonly int[] _runs = new int[4];
    private int _retries;

    public PsciProcessorTests()
    {
        var memory = new PhysicalMemory(new NothingThere());
        for (var i = 0; i < 4; i++)
        {
            var index = i;
            _cpus[i] = new Vcpu(new VcpuOptions { Index = i, Affinity = s_affinities[i] }, memory, [], (_, _) => new CountingExecutor(() => Ran(index)));
            if (i != 0)
                _cpus[i].PowerOff();
        }

        _firmware.Connect(_cpus);
    }

    [Fact]
    public void AProcessorIsOffThenPendingThenOn()
    {
        Assert.Equal(VcpuReturn.Off, _cpus[2].Run().Reason);
        Assert.Equal(Off, Call(AffinityInfo, 0x100, 0));
        Assert.Equal(Success, Call(CpuOn, 0x100, 0x4000_0000, 0x1234));
        Assert.True(_cpus[2].HasWork);
        Assert.Equal(Pending, Call(AffinityInfo, 0x100, 0));
        Assert.Equal(OnPending, Call(CpuOn, 0x100, 0x5000_0000));
        Assert.InRange(_retries, 1, 1000);
        Assert.Equal(VcpuReturn.Paused, _cpus[2].Run().Reason);
        Assert.Equal(1, _runs[2]);
        Assert.Equal(0x4000_0000UL, _cpus[2].Pc);
        Assert.Equal(0x1234UL, _cpus[2].GetX(0));
        Assert.Equal(1, _cpus[2].ExceptionLevel);
        Assert.Equal(On, Call(AffinityInfo, 0x100, 0));
        Assert.Equal(AlreadyOn, Call(CpuOn, 0x100, 0x5000_0000));
        Assert.Equal(AlreadyOn, Call(CpuOn, 0, 0x5000_0000));
    }

    /// <summary>Who asks while the processor is on its way, and lets it run, hears that it is on.</summary>
    [Fact]
    public void ACallerThatLosesTheRaceHearsThatTheProcessorIsOn()
    {
        Assert.Equal(Success, Call(CpuOn, 1, 0x4000_0000));
        _cpus[2].SetX(0, CpuOn);
        _cpus[2].SetX(1, 1);
        _cpus[2].SetX(2, 0x4000_0000);
        Assert.Equal(CallOutcome.Retry, _firmware.Call(_cpus[2], 0));
        _cpus[1].Run();
        Assert.Equal(CallOutcome.Continue, _firmware.Call(_cpus[2], 0));
        Assert.Equal(AlreadyOn, _cpus[2].GetX(0));
    }

    [Fact]
    public void AProcessorThatSwitchedOffCanBeSwitchedOnAgain()
    {
        for (ulong round = 0; round < 3; round++)
        {
            Assert.Equal(Success, Call(CpuOn, 1, 0x4000_0000 + (round * 4), round));
            _cpus[1].Run();
            Assert.Equal(0x4000_0000 + (round * 4), _cpus[1].Pc);
            Assert.Equal(round, _cpus[1].GetX(0));
            _cpus[1].SetX(0, CpuOff);
            Assert.Equal(CallOutcome.PowerDown, _firmware.Call(_cpus[1], 0));
            _cpus[1].PowerOff();
            Assert.Equal(Off, Call(AffinityInfo, 1, 0));
            Assert.Equal(VcpuReturn.Off, _cpus[1].Run().Reason);
        }
    }

    [Theory]
    [InlineData(2UL, 0x4000_0000UL, InvalidParameters)]
    [InlineData(0x200UL, 0x4000_0000UL, InvalidParameters)]
    [InlineData(0x8000_0001UL, 0x4000_0000UL, InvalidParameters)]
    [InlineData(0x1_0000_0000UL, 0x4000_0000UL, InvalidParameters)]
    [InlineData(1UL, 0x4000_0002UL, InvalidAddress)]
    public void WhatCannotBeSwitchedOnIsRefused(ulong target, ulong entry, ulong expected)
    {
        Assert.Equal(expected, Call(CpuOn, target, entry));
        Assert.Equal(Off, Call(AffinityInfo, 1, 0));
    }

    [Fact]
    public void TheCallOf32BitsUsesLowHalves()
    {
        Assert.Equal(Success, Call(CpuOn32, 0xFFFF_FFFF_0000_0001, 0xFFFF_FFFF_4000_0000, 0xFFFF_FFFF_0000_0007));
        _cpus[1].Run();
        Assert.Equal(0x4000_0000UL, _cpus[1].Pc);
        Assert.Equal(7UL, _cpus[1].GetX(0));
    }

    [Theory]
    [InlineData(0UL, 1UL, On)]
    [InlineData(0x100UL, 1UL, Off)]
    [InlineData(0x1FFUL, 1UL, Off)]
    [InlineData(0x200UL, 1UL, InvalidParameters)]
    [InlineData(0x100UL, 2UL, On)]
    [InlineData(0UL, 3UL, On)]
    [InlineData(0UL, 4UL, InvalidParameters)]
    [InlineData(3UL, 0UL, InvalidParameters)]
    [InlineData(0x4000_0000UL, 3UL, InvalidParameters)]
    public void AffinityInfoOfAClusterIsThatOfItsProcessors(ulong target, ulong level, ulong expected) =>
        Assert.Equal(expected, Call(AffinityInfo, target, level));

    [Fact]
    public void OfManyCallersOneSucceeds()
    {
        for (var round = 0; round < 200; round++)
        {
            var successes = 0;
            Parallel.For(0, 4, caller =>
            {
                // Each with its own processor's registers, as on its own thread.
                var answer = _cpus[3].PowerOn(0x4000_0000 + ((ulong)caller * 4), (ulong)caller);
                if (answer == ProcessorPower.Off)
                    Interlocked.Increment(ref successes);
            });
            Assert.Equal(1, successes);
            _cpus[3].Run();
            Assert.Equal(0x4000_0000 + (_cpus[3].GetX(0) * 4), _cpus[3].Pc);
            _cpus[3].PowerOff();
        }
    }

    [Fact]
    public void APendingSwitchOnSurvivesASnapshot()
    {
        Assert.Equal(Success, Call(CpuOn, 1, 0x4000_0000, 9));
        var state = _cpus[1].Save();
        Assert.True(state.IsOff);
        _cpus[2].Restore(state);
        Assert.Equal(ProcessorPower.OnPending, _cpus[2].Power);
        _cpus[2].Run();
        Assert.Equal(0x4000_0000UL, _cpus[2].Pc);
        Assert.Equal(9UL, _cpus[2].GetX(0));
    }

    public void Dispose()
    {
        foreach (var cpu in _cpus)
            cpu.Dispose();
    }

    private ulong Call(uint function, ulong x1, ulong x2, ulong x3 = 0)
    {
        _cpus[0].SetX(0, function);
        _cpus[0].SetX(1, x1);
        _cpus[0].SetX(2, x2);
        _cpus[0].SetX(3, x3);
        _retries = 0;
        while (_firmware.Call(_cpus[0], 0) is var outcome && outcome != CallOutcome.Continue)
        {
            Assert.Equal(CallOutcome.Retry, outcome);
            Assert.Equal(function, _cpus[0].GetX(0));
            Assert.True(_retries++ < 1000);
        }

        return _cpus[0].GetX(0);
    }

    private void Ran(int index)
    {
        _runs[index]++;
        _cpus[index].RequestStop(VcpuStop.Paused);
    }

    /// <summary>Executes nothing, and says that it was asked to.</summary>
    private sealed unsafe class CountingExecutor(Action ran) : IExecutor
    {
        public ExitReason Run(GuestContext* context)
        {
            ran();
            return ExitReason.Poll;
        }

        public bool HasCode(ulong physicalPage) => false;

        public void Invalidate(ulong physicalAddress, ulong length)
        {
        }

        public void SynchronizeFloatStatus(GuestContext* context)
        {
        }

        public void FloatControlChanged(GuestContext* context)
        {
        }

        public void Dispose()
        {
        }
    }

    private sealed class NothingThere : IPhysicalBus
    {
        public bool TryRead(ulong physicalAddress, int size, out ulong value)
        {
            value = 0;
            return false;
        }

        public bool TryWrite(ulong physicalAddress, int size, ulong value) => false;
    }
}

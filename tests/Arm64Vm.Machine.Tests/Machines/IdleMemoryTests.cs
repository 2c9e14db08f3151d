using System.Diagnostics;
using System.Runtime.CompilerServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Profiling;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Idle machines give memory back to the host, and go on.</summary>
[Collection(nameof(Profiling.RecordingTests))]
public class IdleMemoryTests
{
    private const uint Wfi = 0xD503_207F;

    /// <summary>wfi; b .-4.</summary>
    private static readonly uint[] s_wait = [Wfi, 0x17FF_FFFF];

    /// <summary>After its self-tests the embedded firmware waits, woken once in a while. What it needs for that is a few pages.</summary>
    [Fact]
    public async Task TheEmbeddedFirmwareIdlesInLittleMemory()
    {
        // Where the host is busy elsewhere seconds may pass until the machine is paused, in which it gives back by itself.
        const int Most = 5;
        for (var tries = 1; !await IdlesInLittleMemoryAsync(); tries++)
            Assert.NotEqual(Most, tries);
    }

    /// <summary>False: it was not looked at in time.</summary>
    private static async Task<bool> IdlesInLittleMemoryAsync()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Memory = 64 << 20, Append = "idle period=0.02" });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync(EmbeddedFirmware.Success, TestMachine.Patience);
        await Waits(machine, 20);
        await machine.PauseAsync().WaitAsync(TestMachine.Patience);
        if (machine.GetStatistics().IdleReleases != 0)
            return false;
        var before = Present(machine);
        GiveBack(machine);
        Assert.True(machine.GetStatistics().IdleBytesReleased > 400_000, $"{machine.GetStatistics().IdleBytesReleased} bytes");
        var given = Present(machine);
        machine.Resume();
        await Waits(machine, 20);
        await machine.PauseAsync().WaitAsync(TestMachine.Patience);
        var after = Present(machine);
        Assert.True(before > 800_000, $"{before} bytes: the test shows nothing");
        Assert.True(given < 100_000, $"{given} bytes are left");
        Assert.True(after < 300_000, $"{after} bytes for a few wake-ups");
        machine.Resume();
        await machine.StopAsync().WaitAsync(TestMachine.Patience);
        await run;
        return machine.GetStatistics().IdleReleases >= 1;
    }

    /// <summary>By themselves, when nothing wakes them: all processors, of which the others are off.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AMachineThatWaitsGivesBackByItself(int processors)
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Print("w").Add(s_wait)) with { Cpus = processors });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("w", TestMachine.Patience);
        var time = Stopwatch.StartNew();
        while (machine.GetStatistics().IdleReleases == 0)
        {
            Assert.True(time.Elapsed < TestMachine.Patience, "nothing was given back");
            await Task.Delay(100);
        }

        Assert.True(machine.GetUsage().IdleBytesReleased > 0);
        await machine.StopAsync().WaitAsync(TestMachine.Patience);
        Assert.Equal(RunEnd.Stopped, (await run).End);
    }

    /// <summary>A recording sees the machine as it is.</summary>
    [Fact]
    public async Task ARecordedMachineGivesNothingBack()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Print("w").Add(s_wait)));
        Assert.True(machine.Board.IdleMemory.MayGiveBack);
        machine.StartRecording(new RecordingOptions());
        Assert.False(machine.Board.IdleMemory.MayGiveBack);
    }

    /// <summary>As when all its processors have been idle. It is paused.</summary>
    private static void GiveBack(VirtualMachine machine)
    {
        foreach (var vcpu in machine.Board.Vcpus)
            machine.Board.IdleMemory.Add(vcpu.GiveBack(code: true));
        Assert.True(machine.Board.IdleMemory.TryFinish());
    }

    /// <summary>Bytes of the host's memory for the processor's context and for emitted code.</summary>
    private static unsafe long Present(VirtualMachine machine)
    {
        var cache = ((JitExecutor)machine.Board.ProcessorExecutors[0]).Cache;
        return MappingRelease.PresentBytes((byte*)machine.Board.Vcpu.Context, GuestContext.TotalSize) + MappingRelease.PresentBytes(Buffer(cache).Rw, Buffer(cache).Size) + cache.TableBytes;
    }

    private static async Task Waits(VirtualMachine machine, int count)
    {
        var time = Stopwatch.StartNew();
        for (long? first = null; ; await Task.Delay(20))
        {
            if (machine.GetUsage().Processors[0].Schedule is not { } schedule)
                continue;
            first ??= schedule.Waits;
            if (schedule.Waits >= first + count)
                return;
            Assert.True(time.Elapsed < TestMachine.Patience, "it does not wake");
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "buffer")]
    private static extern ref CodeBuffer Buffer(TranslationCache cache);
}

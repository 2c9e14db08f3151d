using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Il;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Il;

/// <summary>Loops, polls, changing code and the life of compiled methods.</summary>
// SAFETY: the machine owns the context and outlives every use.
public unsafe class IlExecutorTests
{
    private const ulong CodeBase = 0x2000_0000;
    private const uint Brk = 0xD420_0000;

    /// <summary>add x1, x1, #1; sub x0, x0, #1; cbnz x0, start; brk.</summary>
    private static readonly uint[] s_countdown = [0x9100_0421, 0xD100_0400, 0xB5FF_FFC0, Brk];

    [Fact]
    public void AHotLoopIsCompiledOnceAndEndsRight()
    {
        using FlatMachine machine = Machine(s_countdown);
        using IlExecutor executor = Executor(machine, new IlOptions { Threshold = 10, InBackground = false });
        machine.Context->X[0] = 100_000;
        machine.Context->Pc = CodeBase;

        Assert.Equal(ExitReason.Breakpoint, executor.Run(machine.Context));
        Assert.Equal(100_000u, machine.Context->X[1]);
        Assert.Equal(1, executor.Counters.Compiled);
        Assert.InRange(executor.Counters.Interpreted, 10, 14);
    }

    /// <summary>It is asked for again while it is compiled, since the interpreter goes on: its code is not made a second time, which would exchange what the running code refers to.</summary>
    [Fact]
    public void AHotLoopIsCompiledOnceInTheBackground()
    {
        using FlatMachine machine = Machine(s_countdown);
        using IlExecutor executor = Executor(machine, new IlOptions { Threshold = 10 });
        machine.Context->X[0] = 50_000_000;
        machine.Context->Pc = CodeBase;

        Assert.Equal(ExitReason.Breakpoint, executor.Run(machine.Context));
        Assert.Equal(50_000_000u, machine.Context->X[1]);
        executor.Dispose(); // what still waits is not compiled
        Assert.Equal(1, executor.Counters.Compiled);
    }

    /// <summary>A loop inside one compiled region sees the poll word that another thread writes.</summary>
    [Fact]
    public void ALoopLeavesWhenPolled()
    {
        using FlatMachine machine = Machine([0x9100_0421, 0x17FF_FFFF]); // add x1, x1, #1; b start
        using IlExecutor executor = Executor(machine, IlOptions.Immediate);
        machine.Context->Pc = CodeBase;
        nint context = (nint)machine.Context;
        using Timer timer = new(_ => Volatile.Write(ref ((GuestContext*)context)->Poll, 1), null, 50, Timeout.Infinite);

        Assert.Equal(ExitReason.Poll, executor.Run(machine.Context));
        Assert.Equal(CodeBase, machine.Context->Pc);
        Assert.NotEqual(0u, machine.Context->X[1]);
    }

    /// <summary>Another thread changes the code of a loop that is running: the loop ends without a poll.</summary>
    [Fact]
    public void ALoopWhoseCodeChangesIsLeft()
    {
        using FlatMachine machine = Machine([0x9100_0421, 0x17FF_FFFF]);
        using IlExecutor executor = Executor(machine, IlOptions.Immediate);
        machine.Context->Pc = CodeBase;
        FlatMachine target = machine;
        using Timer timer = new(
            _ =>
            {
                MemoryMarshal.Cast<byte, uint>(target.Code)[0] = Brk;
                executor.Invalidate(CodeBase, 4);
            },
            null, 50, Timeout.Infinite);

        ExitReason reason;
        do
            reason = executor.Run(machine.Context);
        while (reason == ExitReason.Poll);
        Assert.Equal(ExitReason.Breakpoint, reason);
    }

    /// <summary>Code that was invalidated is not run again, through a link or through the jump cache.</summary>
    [Fact]
    public void ChangedCodeIsTranslatedAgain()
    {
        // b +8; brk; movz x1, #1; brk
        using FlatMachine machine = Machine([0x1400_0002, Brk, 0xD280_0021, Brk]);
        using IlExecutor executor = Executor(machine, IlOptions.Immediate);
        for (uint n = 1; n < 5; n++)
        {
            MemoryMarshal.Cast<byte, uint>(machine.Code)[2] = 0xD280_0001 | (n << 5);
            executor.Invalidate(CodeBase + 8, 4);
            for (int again = 0; again < 3; again++)
            {
                machine.Context->Pc = CodeBase;
                Assert.Equal(ExitReason.Breakpoint, executor.Run(machine.Context));
                Assert.Equal(n, machine.Context->X[1]);
            }
        }
    }

    /// <summary>Methods of units that are gone are collected: nothing else holds them.</summary>
    [Fact]
    public void MethodsOfRemovedUnitsAreFreed()
    {
        using FlatMachine machine = Machine(s_countdown);
        using IlExecutor executor = Executor(machine, IlOptions.Immediate);
        RunOnce(machine, executor);
        WeakReference unit = FindUnit(executor);
        Assert.True(unit.IsAlive);

        executor.Invalidate(CodeBase, 4096);
        MemoryMarshal.Cast<byte, uint>(machine.Code)[0] = Brk;
        RunOnce(machine, executor);
        for (int n = 0; n < 10 && unit.IsAlive; n++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(unit.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunOnce(FlatMachine machine, IlExecutor executor)
    {
        machine.Context->X[0] = 5;
        machine.Context->Pc = CodeBase;
        executor.Run(machine.Context);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference FindUnit(IlExecutor executor) => new(executor.FindCode(CodeBase)!);

    private static FlatMachine Machine(uint[] words)
    {
        FlatMachine machine = new(CodeBase, 0x1000);
        words.CopyTo(MemoryMarshal.Cast<byte, uint>(machine.Code));
        return machine;
    }

    private static IlExecutor Executor(FlatMachine machine, IlOptions options) => new(machine, machine, new TranslatorOptions(), options);
}

using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Devices.Gic;
using Arm64Vm.Devices.Timer;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Machine.Tests.Smp;

/// <summary>
/// A processor with its timer and interrupt controller. The clock moves with every look at it, and its alarms never come: what the guest
/// sees of its timer and what is pending must agree without them.
/// </summary>
public sealed unsafe class TimerInterruptTests : IDisposable
{
    private const ulong Ram = 0x4000_0000;
    private const ulong Vectors = Ram + 0x800;
    private const ulong IrqVector = Vectors + 0x280;
    private const int VirtualTimer = 27;
    private const uint Hlt = 0xD45E_0000;
    private readonly GuestRam _ram = new(Ram, 1 << 20);
    private readonly PhysicalMemory _memory;
    private readonly TickingClock _clock = new();
    private readonly GicV3 _gic = new([0]);
    private readonly GenericTimer _timer;
    private Vcpu? _cpu;

    public TimerInterruptTests()
    {
        _memory = new PhysicalMemory(new NothingThere());
        _memory.AddRam(_ram);
        _timer = new GenericTimer(_clock, 1_000_000_000, [(_gic.PrivateLine(0, 14), _gic.PrivateLine(0, VirtualTimer - 16))]);
    }

    /// <summary>The guest polls ISTATUS: it must be interrupted before the instruction behind the read that saw it set.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AGuestThatSeesItsTimerHasTheInterruptBeforeTheNextInstruction(bool emitted)
    {
        Make(emitted);
        ulong loop = Program(
            0xD53B_E321, // mrs x1, cntv_ctl_el0
            0xD340_0C22 | (2u << 16), // ubfx x2, x1, #2, #2
            0xB4FF_FFC2); // cbz x2, -8
        for (int round = 0; round < 20; round++)
        {
            Begin(loop);
            Assert.Equal(VcpuReturn.Exited, RunToStop());
            Assert.Equal(IrqVector + 4, _cpu!.Pc);
            Assert.Equal(5UL, _cpu.GetX(1));
            Assert.Equal(loop + 4, Elr);
            End();
        }
    }

    /// <summary>With interrupts masked, ISR_EL1 says what ISTATUS said.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatTheStatusSaysIsPendingInTheSameMoment(bool emitted)
    {
        Make(emitted);
        ulong loop = Program(
            0xD503_42DF, // msr daifset, #2
            0xD53B_E321, // mrs x1, cntv_ctl_el0
            0xD538_C103, // mrs x3, isr_el1
            0xD340_0C22 | (2u << 16), // ubfx x2, x1, #2, #2
            0xB4FF_FFA2, // cbz x2, -12
            Hlt);
        for (int round = 0; round < 20; round++)
        {
            Begin(loop);
            Assert.Equal(VcpuReturn.Exited, RunToStop());
            Assert.Equal(5UL, _cpu!.GetX(1));
            Assert.Equal(0x80UL, _cpu.GetX(3));
            End();
        }
    }

    /// <summary>A processor that waits says when its timer comes, and is interrupted when it is run at that time, without an alarm.</summary>
    [Fact]
    public void TheTimersTimeIsTheDeadlineOfAWait()
    {
        Make(emitted: true);
        ulong code = Program(0xD503_207F, 0x17FF_FFFF); // wfi; b -4
        _clock.Step = 0;
        Begin(code);
        VcpuResult result = _cpu!.Run();
        Assert.Equal(VcpuReturn.WaitForInterrupt, result.Reason);
        Assert.Equal(_clock.Now + 1000, result.Deadline);
        Assert.Equal(0, _clock.Armed);
        _clock.Now = result.Deadline!.Value - 1;
        Assert.Equal(result, _cpu.Run());
        _clock.Now++;
        Assert.Equal(VcpuReturn.Exited, _cpu.Run().Reason);
        Assert.Equal(IrqVector + 4, _cpu.Pc);
    }

    public void Dispose()
    {
        _cpu?.Dispose();
        _timer.Dispose();
        _ram.Dispose();
    }

    /// <summary>A guest that polls for what never comes is stopped, which is not the reason that tests want.</summary>
    private VcpuReturn RunToStop()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var registration = limit.Token.Register(() => _cpu!.RequestStop(VcpuStop.Paused));
        return _cpu!.Run().Reason;
    }

    private ulong Elr => _cpu!.Context->Direct[(int)Arm64Vm.Ir.DirectRegister.ExceptionLink1];

    private void Make(bool emitted)
    {
        var options = new VcpuOptions { Clock = _clock, Interrupts = _gic, Timers = _timer, Semihosting = new Silent() };
        var translator = new TranslatorOptions { Features = options.Model.Features };
        _cpu = new Vcpu(options, _memory, [_timer, _gic], (services, code) =>
            emitted ? new JitExecutor(code, services, new Translator(translator), HostFeatures.Detect()) : new InterpreterExecutor(code, services, translator));
        _gic.Connect(0, _cpu.Irq, _cpu.Fiq, _cpu.InterruptsChanged);
        _timer.Connect(0, _cpu.InterruptsChanged);
        Assert.True(_memory.TryWrite(IrqVector, BitConverter.GetBytes(Hlt)));
        _gic.Distributor.TryWrite(0, 4, 0x12);
        _gic.Redistributors.TryWrite(0x1_0080, 4, uint.MaxValue);
        _gic.Redistributors.TryWrite(0x1_0100, 4, 1u << VirtualTimer);
        Gic(new SystemRegister(3, 0, 4, 6, 0), 0xF0);
        Gic(new SystemRegister(3, 0, 12, 12, 7), 1);
    }

    private ulong Program(params uint[] words)
    {
        for (int i = 0; i < words.Length; i++)
            Assert.True(_memory.TryWrite(Ram + ((ulong)i * 4), BitConverter.GetBytes(words[i])));
        return Ram;
    }

    /// <summary>From power-on: the timer is due in a microsecond, and interrupts are not masked.</summary>
    private void Begin(ulong entry)
    {
        _cpu!.Reset(entry);
        Gic(new SystemRegister(3, 0, 4, 6, 0), 0xF0);
        Gic(new SystemRegister(3, 0, 12, 12, 7), 1);
        Assert.True(_cpu.TryWriteSystem(_cpu.Context, new SystemRegister(3, 0, 12, 0, 0).Encoding, 0, Vectors));
        Assert.True(_cpu.TryWritePState(_cpu.Context, (3 << 3) | 7, 15, 0));
        Assert.True(_timer.TryWriteRegister(0, 1, new SystemRegister(3, 3, 14, 3, 2), _clock.Now + 1000));
        Assert.True(_timer.TryWriteRegister(0, 1, new SystemRegister(3, 3, 14, 3, 1), 1));
        _cpu.SetX(0, 0x18);
    }

    private void End() => Assert.True(_timer.TryWriteRegister(0, 1, new SystemRegister(3, 3, 14, 3, 1), 0));

    private void Gic(SystemRegister register, ulong value) => Assert.True(_gic.TryWriteRegister(0, 1, register, value));

    /// <summary>Moves a little whenever it is looked at. Its timers count and never come.</summary>
    private sealed class TickingClock : IVirtualClock
    {
        public ulong Now { get; set; } = 1_000_000;

        public ulong Step { get; set; } = 7;

        public int Armed { get; private set; }

        public ulong Nanoseconds => Now += Step;

        public ulong UnixSeconds => 0;

        public IVirtualTimer CreateTimer(Action expired) => new Mute(this);

        private sealed class Mute(TickingClock clock) : IVirtualTimer
        {
            private bool _isArmed;

            public void Arm(ulong deadlineNanoseconds)
            {
                if (!_isArmed)
                    clock.Armed++;
                _isArmed = true;
            }

            public void Disarm()
            {
                if (_isArmed)
                    clock.Armed--;
                _isArmed = false;
            }

            public void Dispose()
            {
            }
        }
    }

    private sealed class Silent : ISemihosting
    {
        public string CommandLine => "";

        public void Write(ReadOnlySpan<byte> bytes)
        {
        }

        public int Read() => -1;
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

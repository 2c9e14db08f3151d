using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Cpu.Tests;

/// <summary>RAM, one vCPU on the interpreter or on emitted code, and vectors that stop the run: HLT through semihosting in every entry.</summary>
internal sealed unsafe class TestMachine : IDisposable, ISemihosting, IVcpuWaker
{
    public const ulong Ram = 0x4000_0000;
    public const ulong Code = Ram + 0x1_0000;
    public const ulong Vectors = Ram + 0x8000;
    public const ulong Data = Ram + 0x2_0000;

    private readonly GuestRam _ram;
    private readonly AutoResetEvent _wakeUp = new(false);
    private Thread? _runner;

    public TestMachine(VcpuOptions? options = null, IPhysicalBus? bus = null, IReadOnlyList<ISystemRegisterDevice>? devices = null, ulong ramSize = 16 << 20, bool emitted = false)
    {
        _ram = new GuestRam(Ram, ramSize);
        Bus = bus as TestBus ?? new TestBus();
        Memory = new PhysicalMemory(bus ?? Bus);
        Memory.AddRam(_ram);
        options = (options ?? new VcpuOptions()) with { Semihosting = this, Waker = this };
        Cpu = new Vcpu(options, Memory, devices ?? [], (services, code) => Executor = MakeExecutor(services, code, options, emitted));
        for (ulong offset = 0; offset < 0x800; offset += 0x80)
            Write32(Vectors + offset, Asm.Hlt(0xF000));
        Cpu.Reset(Code);
        if (Cpu.ExceptionLevel == 1)
            SetSystem("VBAR_EL1", Vectors);
    }

    private static IExecutor MakeExecutor(IGuestServices services, ICodeMemory code, VcpuOptions vcpu, bool emitted)
    {
        var options = new TranslatorOptions { Verify = true, Features = vcpu.Model.Features, Stops = vcpu.DebugPoints, MaxSideExits = 3, MaxRounds = 4 };
        return emitted ? new JitExecutor(code, services, new Translator(options), HostFeatures.Detect()) : new InterpreterExecutor(code, services, options);
    }

    public Vcpu Cpu { get; }

    public IExecutor? Executor { get; private set; }

    /// <summary>Fetches that emitted code needed.</summary>
    public long Fetches => Assert.IsType<JitExecutor>(Executor).Counters.Fetches;

    /// <summary>How often emitted code has left for an access to memory.</summary>
    public long MemoryExits => Assert.IsType<JitExecutor>(Executor).Counters.MemoryExits;

    public PhysicalMemory Memory { get; }

    public TestBus Bus { get; }

    public List<byte> Output { get; } = [];

    public string CommandLine { get; init; } = "";

    public void Write(ReadOnlySpan<byte> bytes) => Output.AddRange(bytes);

    public int Read() => -1;

    public void Write32(ulong address, uint value) => Assert.True(Memory.TryWrite(address, BitConverter.GetBytes(value)));

    public void Write64(ulong address, ulong value) => Assert.True(Memory.TryWrite(address, BitConverter.GetBytes(value)));

    public ulong Read64(ulong address)
    {
        Span<byte> bytes = stackalloc byte[8];
        Assert.True(Memory.TryRead(address, bytes));
        return BitConverter.ToUInt64(bytes);
    }

    public ulong Program(ulong address, params uint[] words)
    {
        foreach (uint word in words)
        {
            Write32(address, word);
            address += 4;
        }

        return address;
    }

    public ulong System(string name)
    {
        var row = Cpu.Registers.Rows.Single(r => r.Name == name);
        Cpu.Context->PcPage = Cpu.Pc & ~0xFFFUL;
        Assert.True(Cpu.TryReadSystem(Cpu.Context, row.Register.Encoding, (int)(Cpu.Pc & 0xFFF), out ulong value), name);
        return value;
    }

    public void SetSystem(string name, ulong value)
    {
        var row = Cpu.Registers.Rows.Single(r => r.Name == name);
        Assert.True(Cpu.TryWriteSystem(Cpu.Context, row.Register.Encoding, 0, value), name);
    }

    /// <summary>Puts instructions at <see cref="Code"/> with a stop behind them, and runs until a stop: from them or from a vector.</summary>
    public Vcpu Run(params uint[] words)
    {
        ulong end = Program(Code, words);
        Write32(end, Asm.Hlt(0xF000));
        Cpu.Pc = Code;
        Resume();
        return Cpu;
    }

    /// <summary>Goes on until a HLT of a vector or of the program, which stops because X0 then asks for SYS_EXIT.</summary>
    public void Resume()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var registration = timeout.Token.Register(() => Cpu.RequestStop(VcpuStop.Paused));
        Assert.Equal(VcpuReturn.Exited, RunToStop());
    }

    /// <summary>Runs to a stop on the calling thread, which sleeps while the processor waits.</summary>
    public VcpuReturn RunToStop()
    {
        // SYS_EXIT; guests here do not touch X0 unless they mean another operation.
        Cpu.SetX(0, 0x18);
        while (true)
        {
            VcpuResult result = Cpu.Run();
            if (result.IsStop)
                return result.Reason;
            if (result.IsWaiting)
                _wakeUp.WaitOne(result.Deadline is null ? 20_000 : 1);
        }
    }

    void IVcpuWaker.Wake(int index) => _wakeUp.Set();

    /// <summary>Puts instructions at <see cref="Data"/> and returns to them with a PSTATE; runs until a stop.</summary>
    public void RunFrom(uint spsr, params uint[] words)
    {
        Program(Data, words);
        SetSystem("ELR_EL1", Data);
        SetSystem("SPSR_EL1", spsr);
        Run(Asm.Eret);
    }

    /// <summary>The same again from wherever ELR_EL1 points: what a handler does.</summary>
    public void Return(uint spsr)
    {
        SetSystem("SPSR_EL1", spsr);
        Run(Asm.Eret);
    }

    /// <summary>Runs on a thread of its own; <see cref="Stop"/> has the outcome once it ended.</summary>
    public Thread Start()
    {
        _runner = new Thread(() => Stop = RunToStop()) { IsBackground = true };
        _runner.Start();
        return _runner;
    }

    public VcpuReturn Stop { get; private set; }

    /// <summary>The vector that stopped the run, as an offset from VBAR, or −1.</summary>
    public int Vector
    {
        get
        {
            ulong offset = Cpu.Pc - 4 - Vectors;
            return offset < 0x800 && offset % 0x80 == 0 ? (int)offset : -1;
        }
    }

    public ulong Esr => Cpu.GetDirect(DirectRegister.Syndrome1);

    public ulong Far => Cpu.GetDirect(DirectRegister.FaultAddress1);

    public ulong Elr => Cpu.GetDirect(DirectRegister.ExceptionLink1);

    public ulong Spsr => Cpu.GetDirect(DirectRegister.SavedStatus1);

    public void Dispose()
    {
        // A test that failed may have left the guest running, and its memory goes away here.
        Cpu.RequestStop(VcpuStop.Paused);
        _runner?.Join();
        Cpu.Dispose();
        _ram.Dispose();
        _wakeUp.Dispose();
    }
}

/// <summary>A bus with one 4 KiB scratch device at <see cref="Base"/>; everything else refuses.</summary>
internal sealed class TestBus : IPhysicalBus
{
    public const ulong Base = 0x0900_0000;

    public byte[] Bytes { get; } = new byte[4096];

    public List<(ulong Address, int Size, bool IsWrite)> Accesses { get; } = [];

    public bool TryRead(ulong physicalAddress, int size, out ulong value)
    {
        value = 0;
        Accesses.Add((physicalAddress, size, false));
        if (physicalAddress - Base >= 4096)
            return false;
        for (int i = size - 1; i >= 0; i--)
            value = (value << 8) | Bytes[physicalAddress - Base + (ulong)i];
        return true;
    }

    public bool TryWrite(ulong physicalAddress, int size, ulong value)
    {
        Accesses.Add((physicalAddress, size, true));
        if (physicalAddress - Base >= 4096)
            return false;
        for (int i = 0; i < size; i++)
            Bytes[physicalAddress - Base + (ulong)i] = (byte)(value >> (i * 8));
        return true;
    }
}

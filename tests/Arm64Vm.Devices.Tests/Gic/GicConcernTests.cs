using Arm64Vm.Cpu;
using Arm64Vm.Devices.Gic;

namespace Arm64Vm.Devices.Tests.Gic;

/// <summary>What an event costs: only the processors that it concerns are told, and no event between threads is lost.</summary>
public sealed class GicConcernTests
{
    private const int Count = 64;
    private const ulong PrivateFrame = 0x1_0000;
    private const ulong Stride = 0x2_0000;
    private const int VirtualTimer = 27;
    private static readonly SystemRegister s_pmr = new(3, 0, 4, 6, 0);
    private static readonly SystemRegister s_iar1 = new(3, 0, 12, 12, 0);
    private static readonly SystemRegister s_eoir1 = new(3, 0, 12, 12, 1);
    private static readonly SystemRegister s_igrpen1 = new(3, 0, 12, 12, 7);
    private static readonly SystemRegister s_sgi1r = new(3, 0, 12, 11, 5);

    private readonly GicV3 _gic = new([.. Enumerable.Range(0, Count).Select(i => (ulong)(((i / 16) << 8) | (i % 16)))]);
    private readonly int[] _attended = new int[Count];
    private readonly TestLine[] _irq = new TestLine[Count];

    public GicConcernTests()
    {
        for (int i = 0; i < Count; i++)
        {
            int index = i;
            _irq[i] = new TestLine();
            _gic.Connect(i, _irq[i], new TestLine(), () => Interlocked.Increment(ref _attended[index]));
            _gic.Redistributors.Write((ulong)i * Stride + PrivateFrame + 0x80, uint.MaxValue);
            _gic.Redistributors.Write((ulong)i * Stride + PrivateFrame + 0x100, uint.MaxValue);
            Write(i, s_pmr, 0xF0);
            Write(i, s_igrpen1, 1);
        }

        _gic.Distributor.Write(0, 0x12);
        for (int i = 0; i < Count; i++)
            _gic.Distributor.Write(0x80 + ((ulong)i / 8 * 4), uint.MaxValue);
        Array.Clear(_attended);
    }

    [Fact]
    public void ATimerInterruptConcernsItsProcessorOnly()
    {
        IInterruptLine line = _gic.PrivateLine(5, VirtualTimer - 16);
        line.Set(true);
        Assert.Equal(OnlyFor(5), _attended);
        Assert.False(_irq[5].Level);
        _gic.Drive(5);
        Assert.True(_irq[5].Level);
        Array.Clear(_attended);
        Assert.Equal((ulong)VirtualTimer, Read(5, s_iar1));
        line.Set(false);
        Write(5, s_eoir1, VirtualTimer);
        Assert.False(_irq[5].Level);
        Assert.Equal(new int[Count], _attended);
    }

    [Fact]
    public void ASoftwareInterruptConcernsItsTargetsOnly()
    {
        // Processors 1 and 3 of cluster 2 are 33 and 35.
        Write(0, s_sgi1r, (4UL << 24) | (2UL << 16) | 0b1010);
        Assert.Equal(OnlyFor(33, 35), _attended);

        // One that is pending already has been told of.
        Write(1, s_sgi1r, (4UL << 24) | (2UL << 16) | 0b0010);
        Assert.Equal(OnlyFor(33, 35), _attended);
    }

    [Fact]
    public void ASharedInterruptConcernsItsTargetOnly()
    {
        _gic.Distributor.Write(0x6000 + (40 * 8), 0x302, 8);
        _gic.Distributor.Write(0x104, 1u << 8);
        Array.Clear(_attended);
        _gic.SharedLine(8).Set(true);
        Assert.Equal(OnlyFor(50), _attended);
        _gic.Drive(50);
        Array.Clear(_attended);
        Assert.Equal(40UL, Read(50, s_iar1));
        Assert.Equal(new int[Count], _attended);

        // Rerouted while it is active, and still high: the new target is told when the old one ends it.
        _gic.Distributor.Write(0x6000 + (40 * 8), 0x001, 8);
        Array.Clear(_attended);
        Write(50, s_eoir1, 40);
        Assert.Equal(OnlyFor(1), _attended);
    }

    /// <summary>A token goes round between threads, each of which looks only when it was told to: an attention that is lost stops it.</summary>
    [Fact]
    public void NoSoftwareInterruptBetweenThreadsIsLost()
    {
        const int Threads = 4;
        const int Rounds = 5_000;
        long passed = 0;
        bool failed = false;
        var threads = new Thread[Threads];
        for (int i = 0; i < Threads; i++)
        {
            int self = i;
            threads[i] = new Thread(() =>
            {
                var started = Environment.TickCount64;
                while (Volatile.Read(ref passed) < Threads * Rounds && !Volatile.Read(ref failed))
                {
                    if (Interlocked.Exchange(ref _attended[self], 0) == 0)
                    {
                        if (Environment.TickCount64 - started > 60_000)
                            Volatile.Write(ref failed, true);
                        Thread.Yield();
                        continue;
                    }

                    _gic.Drive(self);
                    while (Read(self, s_iar1) is var id && id != 1023)
                    {
                        Write(self, s_eoir1, id);
                        Interlocked.Increment(ref passed);
                        Write(self, s_sgi1r, (3UL << 24) | (1UL << ((self + 1) % Threads)));
                    }
                }
            });
            threads[i].Start();
        }

        Write(10, s_sgi1r, (3UL << 24) | 1);
        foreach (Thread thread in threads)
            thread.Join();
        Assert.False(failed, $"the token stopped after {passed} of {Threads * Rounds}");
    }

    /// <summary>GICv2: a shared interrupt that goes to several processors is taken by one of them, each time.</summary>
    [Fact]
    public void OneOfSeveralTargetsTakesASharedInterrupt()
    {
        const int Processors = 3;
        const int Rounds = 2_000;
        var threadOf = new ThreadLocal<int>();
        var gic = new GicV2(Processors) { CurrentProcessor = () => threadOf.Value };
        for (int i = 0; i < Processors; i++)
        {
            threadOf.Value = i;
            gic.Connect(i, new TestLine(), new TestLine(), () => { });
            gic.CpuInterfaces.Write(0, 3 | 4);
            gic.CpuInterfaces.Write(4, 0xF0);
        }

        gic.Distributor.Write(0, 3);
        gic.Distributor.Write(0x104, 1);
        gic.Distributor.Write(0x820, 7, 1);
        gic.Distributor.Write(0xC08, 2);
        IInterruptLine line = gic.SharedLine(0);
        for (int round = 0; round < Rounds; round++)
        {
            line.Set(true);
            line.Set(false);
            int taken = 0;
            Parallel.For(0, Processors, i =>
            {
                threadOf.Value = i;
                if (gic.CpuInterfaces.Read(0xC) != 32)
                    return;
                Interlocked.Increment(ref taken);
            });
            Assert.Equal(1, taken);
            for (int i = 0; i < Processors; i++)
            {
                threadOf.Value = i;
                if (gic.CpuInterfaces.Read(0x14) != 0xFF)
                    gic.CpuInterfaces.Write(0x10, 32);
            }
        }

        threadOf.Dispose();
    }

    [Fact]
    public void LpisComeFromTheirSource()
    {
        var lpis = new OneLpi();
        _gic.Lpis = lpis;
        _gic.PrivateLine(2, 11).Set(true);
        _gic.Redistributors.Write((2 * Stride) + PrivateFrame + 0x418, 0xA0_00_00_00);
        Array.Clear(_attended);
        lpis.Pending = 8200;
        _gic.Attend(2);
        Assert.Equal(OnlyFor(2), _attended);
        _gic.Drive(2);
        Assert.True(_irq[2].Level);
        Assert.Equal(8200UL, Read(2, s_iar1));
        Write(2, s_eoir1, 8200);
        Assert.Equal((ulong)VirtualTimer, Read(2, s_iar1));
        Write(2, s_eoir1, VirtualTimer);
        Assert.Equal(1UL, _gic.Redistributors.Read((2 * Stride) + 8) & 1);
        Assert.Equal(1u, (_gic.Distributor.Read(4) >> 17) & 1);
        _gic.Redistributors.Write((2 * Stride) + 0x70, 0x1234);
        Assert.Equal((2, 0x70UL, 0x1234u), lpis.Written);
        Assert.Equal(0x55u, _gic.Redistributors.Read(2 * Stride));
    }

    private static int[] OnlyFor(params int[] processors)
    {
        var counts = new int[Count];
        foreach (int processor in processors)
            counts[processor] = 1;
        return counts;
    }

    private ulong Read(int processor, SystemRegister register)
    {
        Assert.True(_gic.TryReadRegister(processor, 1, register, out ulong value));
        return value;
    }

    private void Write(int processor, SystemRegister register, ulong value) => Assert.True(_gic.TryWriteRegister(processor, 1, register, value));

    /// <summary>One LPI for processor 2, of priority 0x80.</summary>
    private sealed class OneLpi : ILpiSource
    {
        public int Pending { get; set; }

        public (int Processor, ulong Offset, uint Value) Written { get; private set; }

        public bool TryGetPending(int processor, out int id, out byte priority)
        {
            (id, priority) = (Pending, 0x80);
            return processor == 2 && Pending != 0;
        }

        public bool TryAcknowledge(int processor, int id)
        {
            bool was = Pending == id;
            Pending = 0;
            return was;
        }

        public uint ReadRegister(int processor, ulong offset) => 0x55;

        public void WriteRegister(int processor, ulong offset, uint value) => Written = (processor, offset, value);
    }
}

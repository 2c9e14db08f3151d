using System.Numerics;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic;

/// <summary>What both GIC versions do: banks of interrupts, the choice of the best pending one, and the wires to the processors.</summary>
/// <remarks>
/// Delivering an interrupt takes no lock. Banks are changed by interlocked operations from any thread; who changes one then calls
/// <see cref="Attend"/> for the processors that the interrupt goes to, and no others. CPU interfaces, and the choice of the best pending interrupt
/// (<see cref="Drive"/>), belong to the thread that runs the processor. The order on both sides — change, then tell; be told, then look, with full
/// barriers between — lets no change go unseen.
/// </remarks>
internal abstract class InterruptController : IInterruptSource
{
    /// <summary>INTID of the first private peripheral interrupt.</summary>
    public const int FirstPpi = 16;

    /// <summary>INTID of the first shared peripheral interrupt.</summary>
    public const int FirstSpi = 32;

    /// <summary>Shared interrupts of the board.</summary>
    public const int SpiCount = 256;

    private readonly ILogSink? _log;

    /// <summary>Hears of interrupts that a processor takes: it, INTID, priority. On its thread. Null: nobody does.</summary>
    public Action<int, int, int>? Acknowledged { get; set; }
    private readonly Output[] _outputs;
    private bool _forwardGroup0;
    private bool _forwardGroup1;

    private protected InterruptController(int processors, ILogSink? log)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(processors, 1);
        _log = log;
        _outputs = new Output[processors];
        Private = new InterruptBank[processors];
        Interfaces = new CpuInterface[processors];
        Targeted = new uint[processors][];
        for (int i = 0; i < processors; i++)
        {
            // SGIs are edge-triggered and stay so.
            Private[i] = new InterruptBank(FirstSpi);
            Private[i].SetEdge(0, 0xFFFF, 0xFFFF);
            Interfaces[i] = new CpuInterface();
            Targeted[i] = new uint[SpiCount / 32];
        }
    }

    private protected InterruptBank[] Private { get; }

    private protected InterruptBank Shared { get; } = new(SpiCount);

    private protected CpuInterface[] Interfaces { get; }

    /// <summary>For each processor one bit per shared interrupt: it goes there.</summary>
    private protected uint[][] Targeted { get; }

    /// <summary>Processors connected.</summary>
    public int Processors => Private.Length;

    /// <summary>GICD_CTLR.EnableGrp0 and EnableGrp1.</summary>
    private protected bool ForwardGroup0
    {
        get => Volatile.Read(ref _forwardGroup0);
        set => Volatile.Write(ref _forwardGroup0, value);
    }

    private protected bool ForwardGroup1
    {
        get => Volatile.Read(ref _forwardGroup1);
        set => Volatile.Write(ref _forwardGroup1, value);
    }

    /// <summary>Connects the outputs for one processor, before anything runs.</summary>
    /// <param name="processor">Which.</param>
    /// <param name="irq">Driven by <see cref="Drive"/> only.</param>
    /// <param name="fiq">The same.</param>
    /// <param name="attention">Makes the processor call <see cref="Drive"/> soon, on its own thread; called on any. Null: changes drive the wires at once, which is for one thread.</param>
    public void Connect(int processor, IInterruptLine irq, IInterruptLine fiq, Action? attention = null)
    {
        _outputs[processor] = new Output(irq, fiq, attention);
        Interfaces[processor].DrivesIrq = Interfaces[processor].DrivesFiq = false;
        Drive(processor);
    }

    /// <summary>The input of shared interrupt <paramref name="number"/> (INTID less 32).</summary>
    public IInterruptLine SharedLine(int number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)number, (uint)SpiCount, nameof(number));
        return new SharedInput(this, number);
    }

    /// <summary>The input of private peripheral interrupt <paramref name="number"/> (INTID less 16) of a processor.</summary>
    public IInterruptLine PrivateLine(int processor, int number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)number, (uint)(FirstSpi - FirstPpi), nameof(number));
        return new PrivateInput(this, processor, FirstPpi + number);
    }

    /// <summary>Interrupts of a processor, then the shared ones, that are enabled, pending or active: INTID, and for people what they are.</summary>
    public IEnumerable<(int Id, string State)> List(int processor)
    {
        (InterruptBank, int)[] banks = [(Private[processor], 0), (Shared, FirstSpi)];
        foreach (var (bank, first) in banks)
        {
            for (int index = 0; index < bank.Count; index++)
            {
                uint bit = 1u << (index & 31);
                int word = index / 32;
                bool pending = (bank.Pending(word) & bit) != 0;
                if (!bank.IsEnabled(index) && !pending && !bank.IsActive(index))
                    continue;
                yield return (first + index, $"{(bank.IsEnabled(index) ? "enabled" : "disabled")}{(pending ? " pending" : "")}{(bank.IsActive(index) ? " active" : "")} group{(bank.IsGroup1(index) ? 1 : 0)} priority=0x{bank.Priority(index):x2} {((bank.Edge(word) & bit) != 0 ? "edge" : "level")}");
            }
        }
    }

    /// <inheritdoc/>
    public void Drive(int processor)
    {
        CpuInterface cpu = Interfaces[processor];
        cpu.PendingId = CpuInterface.Spurious;
        cpu.PendingPriority = CpuInterface.IdlePriority;
        uint group0 = ForwardGroup0 && cpu.Enable0 ? uint.MaxValue : 0;
        uint group1 = ForwardGroup1 && cpu.Enable1 ? uint.MaxValue : 0;
        if ((group0 | group1) != 0)
        {
            Choose(cpu, Private[processor], 0, 0, Private[processor].Candidates(0), group0, group1);
            uint[] targeted = Targeted[processor];
            for (int word = 0; word < targeted.Length; word++)
                Choose(cpu, Shared, FirstSpi, word, Shared.Candidates(word) & Volatile.Read(ref targeted[word]), group0, group1);
            if (group1 != 0)
                ChooseMore(processor, cpu);
        }

        bool signalled = cpu.IsSignalled;
        bool asFiq = signalled && !cpu.PendingIsGroup1 && Group0DrivesFiq(processor);
        bool asIrq = signalled && !asFiq;
        if (asIrq != cpu.DrivesIrq)
        {
            cpu.DrivesIrq = asIrq;
            _outputs[processor].Irq?.Set(asIrq);
        }

        if (asFiq != cpu.DrivesFiq)
        {
            cpu.DrivesFiq = asFiq;
            _outputs[processor].Fiq?.Set(asFiq);
        }
    }

    /// <summary>Something that may change what is signalled to a processor has been stored: it will look. Any thread.</summary>
    public void Attend(int processor)
    {
        if (_outputs[processor].Attention is { } attention)
            attention();
        else
            Drive(processor);
    }

    /// <summary>Whether a signalled interrupt of Group 0 drives FIQ rather than IRQ.</summary>
    private protected abstract bool Group0DrivesFiq(int processor);

    /// <summary>Interrupts that are in no bank.</summary>
    private protected virtual void ChooseMore(int processor, CpuInterface cpu)
    {
    }

    /// <summary>Takes the chosen one of those.</summary>
    private protected virtual bool TryAcknowledgeMore(int processor, int id) => false;

    private protected void AttendAll()
    {
        for (int processor = 0; processor < Processors; processor++)
            Attend(processor);
    }

    /// <summary>Attends the processors that a shared interrupt goes to.</summary>
    private protected abstract void AttendTargets(int index);

    /// <summary>Attends those whom a write of shared interrupts' registers concerns.</summary>
    private protected void AttendShared(BankRegisters.Affected affected)
    {
        for (uint rest = affected.Mask; rest != 0; rest &= rest - 1)
            AttendTargets((affected.Word * 32) + BitOperations.TrailingZeroCount(rest));
    }

    private protected void AttendPrivate(int processor, BankRegisters.Affected affected)
    {
        if (affected.Mask != 0)
            Attend(processor);
    }

    /// <summary>Says whether a shared interrupt goes to a processor.</summary>
    private protected void SetTargeted(int processor, int index, bool targeted)
    {
        uint bit = 1u << (index & 31);
        if (targeted)
            Interlocked.Or(ref Targeted[processor][index / 32], bit);
        else
            Interlocked.And(ref Targeted[processor][index / 32], ~bit);
    }

    private static void Choose(CpuInterface cpu, InterruptBank bank, int firstId, int word, uint candidates, uint group0, uint group1)
    {
        if (candidates == 0)
            return;
        uint group = bank.Group(word);
        candidates &= (group & group1) | (~group & group0);
        for (; candidates != 0; candidates &= candidates - 1)
        {
            int index = (word * 32) + BitOperations.TrailingZeroCount(candidates);
            byte priority = bank.Priority(index);

            // Equal priorities: the lower number wins, and numbers come in order.
            if (priority >= cpu.PendingPriority)
                continue;
            cpu.PendingId = firstId + index;
            cpu.PendingPriority = priority;
            cpu.PendingIsGroup1 = (group & (1u << (index & 31))) != 0;
        }
    }

    /// <summary>Takes the best pending interrupt of a processor, if it is signalled and of a wanted group; returns its INTID or 1023. On the processor's thread.</summary>
    private protected int Acknowledge(int processor, bool group0, bool group1)
    {
        CpuInterface cpu = Interfaces[processor];
        while (true)
        {
            Drive(processor);
            if (!cpu.IsSignalled || !(cpu.PendingIsGroup1 ? group1 : group0))
                return CpuInterface.Spurious;
            int id = cpu.PendingId;

            // Another processor may have taken a shared one since; then look again, which ends because there is one candidate less.
            if (!TryAcknowledge(processor, id))
                continue;
            cpu.Activate();
            if (_log != null && _log.IsEnabled(LogCategories.Interrupts))
                _log.Write(LogCategories.Interrupts, $"gic: cpu{processor} takes {id}, priority {cpu.PendingPriority:x2}");
            Acknowledged?.Invoke(processor, id, cpu.PendingPriority);
            Drive(processor);
            return id;
        }
    }

    private bool TryAcknowledge(int processor, int id)
    {
        if (id >= FirstSpi + SpiCount)
            return TryAcknowledgeMore(processor, id);
        (InterruptBank bank, int index) = Find(processor, id);
        return bank.TryAcknowledge(index);
    }

    /// <summary>Deactivates an interrupt by number; numbers that do not exist are ignored. On the processor's thread, which then drives its own wires.</summary>
    private protected void Deactivate(int processor, int id)
    {
        if (id >= FirstSpi + SpiCount)
            return;
        (InterruptBank bank, int index) = Find(processor, id);
        bank.Deactivate(index);

        // It may be pending again, and go to another processor.
        if (id >= FirstSpi && (bank.Candidates(index / 32) & (1u << (index & 31))) != 0)
            AttendTargets(index);
    }

    private protected (InterruptBank Bank, int Index) Find(int processor, int id) =>
        id < FirstSpi ? (Private[processor], id) : (Shared, id - FirstSpi);

    private protected void LogMisuse(string what)
    {
        if (_log != null && _log.IsEnabled(LogCategories.Guest))
            _log.Write(LogCategories.Guest, "gic: " + what);
    }

    /// <summary>The wires to one processor, and how it is told to look.</summary>
    private readonly record struct Output(IInterruptLine? Irq, IInterruptLine? Fiq, Action? Attention);

    private sealed class SharedInput(InterruptController owner, int index) : IInterruptLine
    {
        public void Set(bool asserted)
        {
            // An active one is looked at when it is deactivated.
            if (owner.Shared.SetLine(index, asserted) && owner.Shared.IsEnabled(index) && !owner.Shared.IsActive(index))
                owner.AttendTargets(index);
        }
    }

    private sealed class PrivateInput(InterruptController owner, int processor, int index) : IInterruptLine
    {
        private readonly InterruptBank _bank = owner.Private[processor];

        public void Set(bool asserted)
        {
            if (_bank.SetLine(index, asserted) && _bank.IsEnabled(index) && !_bank.IsActive(index))
                owner.Attend(processor);
        }
    }
}

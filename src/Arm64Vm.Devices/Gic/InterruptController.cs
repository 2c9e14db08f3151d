using System.Numerics;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic;

/// <summary>What both GIC versions do: banks of interrupts, the choice of the best pending one, and the wires to the processors.</summary>
/// <remarks>Every entry point takes <see cref="Gate"/>; wires out of it are driven under the lock, so processors must not call back from them.</remarks>
public abstract class InterruptController
{
    /// <summary>INTID of the first private peripheral interrupt.</summary>
    public const int FirstPpi = 16;

    /// <summary>INTID of the first shared peripheral interrupt.</summary>
    public const int FirstSpi = 32;

    /// <summary>Shared interrupts of the board.</summary>
    public const int SpiCount = 256;

    private readonly ILogSink? _log;
    private readonly IInterruptLine?[] _irq;
    private readonly IInterruptLine?[] _fiq;

    private protected InterruptController(int processors, ILogSink? log)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(processors, 1);
        _log = log;
        _irq = new IInterruptLine?[processors];
        _fiq = new IInterruptLine?[processors];
        Private = new InterruptBank[processors];
        Interfaces = new CpuInterface[processors];
        for (int i = 0; i < processors; i++)
        {
            // SGIs are edge-triggered and stay so.
            Private[i] = new InterruptBank(FirstSpi);
            Private[i].Edge(0) = 0xFFFF;
            Interfaces[i] = new CpuInterface();
        }
    }

    private protected Lock Gate { get; } = new();

    private protected InterruptBank[] Private { get; }

    private protected InterruptBank Shared { get; } = new(SpiCount);

    private protected CpuInterface[] Interfaces { get; }

    /// <summary>Processors connected.</summary>
    public int Processors => Private.Length;

    /// <summary>GICD_CTLR.EnableGrp0 and EnableGrp1.</summary>
    private protected bool ForwardGroup0 { get; set; }

    private protected bool ForwardGroup1 { get; set; }

    /// <summary>Connects the outputs for one processor.</summary>
    public void Connect(int processor, IInterruptLine irq, IInterruptLine fiq)
    {
        lock (Gate)
        {
            _irq[processor] = irq;
            _fiq[processor] = fiq;
            Update();
        }
    }

    /// <summary>The input of shared interrupt <paramref name="number"/> (INTID less 32).</summary>
    public IInterruptLine SharedLine(int number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)number, (uint)SpiCount, nameof(number));
        return new Input(this, Shared, number);
    }

    /// <summary>The input of private peripheral interrupt <paramref name="number"/> (INTID less 16) of a processor.</summary>
    public IInterruptLine PrivateLine(int processor, int number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)number, (uint)(FirstSpi - FirstPpi), nameof(number));
        return new Input(this, Private[processor], FirstPpi + number);
    }

    /// <summary>Whether shared interrupt <paramref name="index"/> goes to a processor.</summary>
    private protected abstract bool IsTargeted(int index, int processor);

    /// <summary>Whether a signalled interrupt of Group 0 drives FIQ rather than IRQ.</summary>
    private protected abstract bool Group0DrivesFiq(int processor);

    /// <summary>Chooses the best pending interrupt of every processor again and drives the wires.</summary>
    private protected void Update()
    {
        for (int processor = 0; processor < Processors; processor++)
        {
            CpuInterface cpu = Interfaces[processor];
            cpu.PendingId = CpuInterface.Spurious;
            cpu.PendingPriority = CpuInterface.IdlePriority;
            Choose(cpu, Private[processor], 0, processor);
            Choose(cpu, Shared, FirstSpi, processor);

            bool signalled = cpu.IsSignalled;
            bool asFiq = !cpu.PendingIsGroup1 && Group0DrivesFiq(processor);
            _irq[processor]?.Set(signalled && !asFiq);
            _fiq[processor]?.Set(signalled && asFiq);
        }
    }

    private void Choose(CpuInterface cpu, InterruptBank bank, int firstId, int processor)
    {
        uint group0 = ForwardGroup0 && cpu.Enable0 ? uint.MaxValue : 0;
        uint group1 = ForwardGroup1 && cpu.Enable1 ? uint.MaxValue : 0;
        for (int word = 0; word < bank.Words; word++)
        {
            uint group = bank.Group(word);
            uint candidates = bank.Candidates(word) & ((group & group1) | (~group & group0));
            for (; candidates != 0; candidates &= candidates - 1)
            {
                int index = (word * 32) + BitOperations.TrailingZeroCount(candidates);
                byte priority = bank.Priority(index);

                // Equal priorities: the lower number wins, and numbers come in order.
                if (priority >= cpu.PendingPriority || (firstId == FirstSpi && !IsTargeted(index, processor)))
                    continue;
                cpu.PendingId = firstId + index;
                cpu.PendingPriority = priority;
                cpu.PendingIsGroup1 = (group & (1u << (index & 31))) != 0;
            }
        }
    }

    /// <summary>Takes the pending interrupt of a processor if it is signalled; returns its INTID or 1023.</summary>
    private protected int Acknowledge(int processor)
    {
        CpuInterface cpu = Interfaces[processor];
        if (!cpu.IsSignalled)
            return CpuInterface.Spurious;
        int id = cpu.PendingId;
        cpu.Activate();
        (InterruptBank bank, int index) = Find(processor, id);
        bank.Acknowledge(index);
        if (_log != null && _log.IsEnabled(LogCategories.Interrupts))
            _log.Write(LogCategories.Interrupts, $"gic: cpu{processor} takes {id}, priority {cpu.PendingPriority:x2}");
        Update();
        return id;
    }

    /// <summary>Deactivates an interrupt by number; numbers that do not exist are ignored.</summary>
    private protected void Deactivate(int processor, int id)
    {
        if (id >= FirstSpi + SpiCount)
            return;
        (InterruptBank bank, int index) = Find(processor, id);
        bank.Deactivate(index);
    }

    private protected (InterruptBank Bank, int Index) Find(int processor, int id) =>
        id < FirstSpi ? (Private[processor], id) : (Shared, id - FirstSpi);

    private protected void LogMisuse(string what)
    {
        if (_log != null && _log.IsEnabled(LogCategories.Guest))
            _log.Write(LogCategories.Guest, "gic: " + what);
    }

    private sealed class Input(InterruptController owner, InterruptBank bank, int index) : IInterruptLine
    {
        public void Set(bool asserted)
        {
            lock (owner.Gate)
            {
                if (bank.SetLine(index, asserted))
                    owner.Update();
            }
        }
    }
}

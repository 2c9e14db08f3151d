using System.Numerics;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic;

/// <summary>What a GICv2 must carry through a snapshot.</summary>
internal sealed record GicV2State
{
    public required uint Control { get; init; }

    public required InterruptBankState Shared { get; init; }

    public required InterruptBankState[] Private { get; init; }

    /// <summary>The extra words are GICC_CTLR's AckCtl and FIQEn, and for each SGI its pending sources and the source being handled.</summary>
    public required CpuInterfaceState[] Interfaces { get; init; }

    /// <summary>GICD_ITARGETSR of the shared interrupts.</summary>
    public required byte[] Targets { get; init; }
}

/// <summary>GICv2 without the Security Extensions: a distributor and CPU interfaces in memory (IHI 0048).</summary>
/// <remarks>
/// Accesses come without the name of the processor that makes them: <see cref="CurrentProcessor"/> supplies it for the banked registers, whose CPU
/// interface belongs to that processor's thread.
/// </remarks>
internal sealed partial class GicV2 : InterruptController, IStateful<GicV2State>
{
    /// <summary>Target lists have eight bits.</summary>
    public const int MaximumProcessors = 8;
    private const int SgiCount = 16;

    private readonly byte[] _targets = new byte[SpiCount];
    private readonly InterfaceControl[] _controls;

    /// <summary>Orders changes of targets, which are in several places.</summary>
    private readonly Lock _targetGate = new();

    /// <param name="processors">1 to 8.</param>
    /// <param name="log">Diagnostics.</param>
    public GicV2(int processors, ILogSink? log = null)
        : base(processors, log)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(processors, MaximumProcessors);
        _controls = new InterfaceControl[processors];
        for (int i = 0; i < processors; i++)
            _controls[i] = new InterfaceControl();
        Distributor = new DistributorFrame(this);
        CpuInterfaces = new CpuInterfaceFrame(this);
        for (int i = 0; i < SpiCount; i++)
            SetTargets(i, 0);
    }

    /// <summary>Names the processor whose access is being handled; the first when null.</summary>
    public Func<int>? CurrentProcessor { get; set; }

    /// <summary>The distributor, 4 KiB.</summary>
    public IMmioDevice Distributor { get; }

    /// <summary>The CPU interface of the accessing processor, 8 KiB.</summary>
    public IMmioDevice CpuInterfaces { get; }

    /// <summary>Copies the state; no processor may be running.</summary>
    public GicV2State Save()
    {
        var interfaces = new CpuInterfaceState[Processors];
        for (int i = 0; i < Processors; i++)
            interfaces[i] = Interfaces[i].Save(_controls[i].Save());
        return new GicV2State
        {
            Control = ReadControl(),
            Shared = Shared.Save(),
            Private = Array.ConvertAll(Private, bank => bank.Save()),
            Interfaces = interfaces,
            Targets = [.. _targets],
        };
    }

    /// <summary>Replaces the state; no processor may be running.</summary>
    /// <exception cref="ArgumentException">The state is of another number of processors or interrupts.</exception>
    public void Restore(GicV2State state)
    {
        if (state.Private.Length != Processors || state.Interfaces.Length != Processors || state.Targets.Length != SpiCount)
            throw new ArgumentException("The state is of another interrupt controller.", nameof(state));

        WriteControl(state.Control);
        Shared.Restore(state.Shared);
        for (int i = 0; i < SpiCount; i++)
            SetTargets(i, state.Targets[i]);
        for (int i = 0; i < Processors; i++)
        {
            Private[i].Restore(state.Private[i]);
            Interfaces[i].Restore(state.Interfaces[i]);
            _controls[i].Restore(state.Interfaces[i].Extra);
        }

        AttendAll();
    }

    private protected override void AttendTargets(int index)
    {
        if (Processors == 1)
        {
            Attend(0);
            return;
        }

        for (uint list = Volatile.Read(ref _targets[index]); list != 0; list &= list - 1)
            Attend(BitOperations.TrailingZeroCount(list));
    }

    /// <summary>With one processor everything goes to it and the target registers read as zero (IHI 0048, 4.3.12).</summary>
    private void SetTargets(int index, byte targets)
    {
        uint old;
        lock (_targetGate)
        {
            old = _targets[index];
            Volatile.Write(ref _targets[index], targets);
            for (int processor = 0; processor < Processors; processor++)
                SetTargeted(processor, index, Processors == 1 || ((targets >> processor) & 1) != 0);
        }

        if ((Shared.Pending(index / 32) & (1u << (index & 31))) == 0)
            return;
        for (uint list = old | targets; list != 0; list &= list - 1)
            Attend(BitOperations.TrailingZeroCount(list));
    }

    private protected override bool Group0DrivesFiq(int processor) => _controls[processor].FiqEnable;

    private int Current => CurrentProcessor?.Invoke() ?? 0;

    /// <summary>What GICv2's CPU interface has beside the common part.</summary>
    private sealed class InterfaceControl
    {
        /// <summary>GICC_CTLR.AckCtl: reading IAR also takes Group 1 interrupts.</summary>
        public bool AcknowledgeControl;

        /// <summary>GICC_CTLR.FIQEn.</summary>
        public bool FiqEnable;

        /// <summary>Bit n: processor n asked for the SGI.</summary>
        public readonly uint[] Sources = new uint[SgiCount];

        public uint[] Save()
        {
            var words = new uint[1 + SgiCount];
            words[0] = (AcknowledgeControl ? 1u : 0) | (FiqEnable ? 2u : 0);
            for (int i = 0; i < SgiCount; i++)
                words[1 + i] = Sources[i];
            return words;
        }

        /// <exception cref="ArgumentException">Not made by <see cref="Save"/>.</exception>
        public void Restore(uint[] words)
        {
            if (words.Length != 1 + SgiCount)
                throw new ArgumentException("The state is of another interrupt controller.", nameof(words));
            AcknowledgeControl = (words[0] & 1) != 0;
            FiqEnable = (words[0] & 2) != 0;
            for (int i = 0; i < SgiCount; i++)
                Sources[i] = words[1 + i] & 0xFF;
        }
    }
}

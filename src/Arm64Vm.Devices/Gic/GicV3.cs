using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic;

/// <summary>What a GICv3 must carry through a snapshot.</summary>
public sealed record GicV3State
{
    public required uint Control { get; init; }

    public required InterruptBankState Shared { get; init; }

    public required InterruptBankState[] Private { get; init; }

    public required CpuInterfaceState[] Interfaces { get; init; }

    /// <summary>GICD_IROUTER.</summary>
    public required ulong[] Routes { get; init; }

    /// <summary>GICR_WAKER.</summary>
    public required uint[] Wakers { get; init; }
}

/// <summary>GICv3 with one security state, affinity routing always on, and no LPIs (IHI 0069).</summary>
/// <remarks>The distributor, each redistributor and the system registers are faces of this object.</remarks>
public sealed partial class GicV3 : InterruptController, ISystemRegisterDevice, IStateful<GicV3State>
{
    private const uint WakerAsleep = 6;

    private readonly ulong[] _affinities;
    private readonly ulong[] _routes = new ulong[SpiCount];
    private readonly int[] _targets = new int[SpiCount];
    private readonly uint[] _wakers;

    /// <param name="affinities">Of each processor: Aff3 at 39:32, Aff2 to Aff0 at 23:0, as in MPIDR_EL1.</param>
    /// <param name="log">Diagnostics.</param>
    public GicV3(IReadOnlyList<ulong> affinities, ILogSink? log = null)
        : base(affinities.Count, log)
    {
        _affinities = [.. affinities];
        _wakers = new uint[_affinities.Length];
        Array.Fill(_wakers, WakerAsleep);
        Distributor = new DistributorFrame(this);
        Redistributors = new RedistributorFrames(this);
    }

    /// <summary>The distributor, 64 KiB.</summary>
    public IMmioDevice Distributor { get; }

    /// <summary>All redistributors, 128 KiB each, in processor order.</summary>
    public IMmioDevice Redistributors { get; }

    public GicV3State Save()
    {
        lock (Gate)
        {
            return new GicV3State
            {
                Control = ReadControl(),
                Shared = Shared.Save(),
                Private = Array.ConvertAll(Private, bank => bank.Save()),
                Interfaces = Array.ConvertAll(Interfaces, cpu => cpu.Save([])),
                Routes = [.. _routes],
                Wakers = [.. _wakers],
            };
        }
    }

    /// <exception cref="ArgumentException">The state is of another number of processors or interrupts.</exception>
    public void Restore(GicV3State state)
    {
        if (state.Private.Length != Processors || state.Interfaces.Length != Processors || state.Wakers.Length != Processors || state.Routes.Length != SpiCount)
            throw new ArgumentException("The state is of another interrupt controller.", nameof(state));

        lock (Gate)
        {
            WriteControl(state.Control);
            Shared.Restore(state.Shared);
            for (int i = 0; i < Processors; i++)
            {
                Private[i].Restore(state.Private[i]);
                Interfaces[i].Restore(state.Interfaces[i]);
                _wakers[i] = state.Wakers[i];
            }

            for (int i = 0; i < SpiCount; i++)
                SetRoute(i, state.Routes[i]);
            Update();
        }
    }

    private protected override bool IsTargeted(int index, int processor) => _targets[index] == processor;

    private protected override bool Group0DrivesFiq(int processor) => true;

    /// <summary>Bit 31, any participating processor, is taken as the first.</summary>
    private void SetRoute(int index, ulong route)
    {
        const ulong AnyProcessor = 1UL << 31;
        _routes[index] = route & 0xFF_80FF_FFFF;
        _targets[index] = (route & AnyProcessor) != 0 ? 0 : Array.IndexOf(_affinities, route & 0xFF_00FF_FFFF);
    }
}

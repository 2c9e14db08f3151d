using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic;

/// <summary>What a GICv3 must carry through a snapshot.</summary>
internal sealed record GicV3State
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

/// <summary>GICv3 with one security state, affinity routing always on; LPIs come from <see cref="Lpis"/> (IHI 0069).</summary>
/// <remarks>The distributor, each redistributor and the system registers are faces of this object.</remarks>
internal sealed partial class GicV3 : InterruptController, ISystemRegisterDevice, IStateful<GicV3State>
{
    private const uint WakerAsleep = 6;

    private readonly ulong[] _affinities;
    private readonly ulong[] _routes = new ulong[SpiCount];
    private readonly int[] _targets = new int[SpiCount];
    private readonly uint[] _wakers;

    /// <summary>Processor of each place in each cluster (affinity without Aff0), −1 where there is none.</summary>
    private readonly Dictionary<ulong, int[]> _clusters = [];

    /// <summary>Orders changes of routes, which are in several places.</summary>
    private readonly Lock _routeGate = new();

    /// <param name="affinities">Of each processor: Aff3 at 39:32, Aff2 to Aff0 at 23:0, as in MPIDR_EL1.</param>
    /// <param name="log">Diagnostics.</param>
    public GicV3(IReadOnlyList<ulong> affinities, ILogSink? log = null)
        : base(affinities.Count, log)
    {
        _affinities = [.. affinities];
        _wakers = new uint[_affinities.Length];
        Array.Fill(_wakers, WakerAsleep);
        for (int i = 0; i < _affinities.Length; i++)
            ClusterOf(_affinities[i] & ~0xFFUL)[(int)(_affinities[i] & 0xFF)] = i;
        for (int i = 0; i < SpiCount; i++)
            SetRoute(i, 0);
        Distributor = new DistributorFrame(this);
        Redistributors = new RedistributorFrames(this);
    }

    /// <summary>The processors' LPIs, set before anything runs; null: there are none.</summary>
    public ILpiSource? Lpis { get; set; }

    /// <summary>The distributor, 64 KiB.</summary>
    public IMmioDevice Distributor { get; }

    /// <summary>All redistributors, 128 KiB each, in processor order.</summary>
    public IMmioDevice Redistributors { get; }

    /// <summary>Copies the state; no processor may be running.</summary>
    public GicV3State Save() => new()
    {
        Control = ReadControl(),
        Shared = Shared.Save(),
        Private = Array.ConvertAll(Private, bank => bank.Save()),
        Interfaces = Array.ConvertAll(Interfaces, cpu => cpu.Save([])),
        Routes = [.. _routes],
        Wakers = [.. _wakers],
    };

    /// <summary>Replaces the state; no processor may be running.</summary>
    /// <exception cref="ArgumentException">The state is of another number of processors or interrupts.</exception>
    public void Restore(GicV3State state)
    {
        if (state.Private.Length != Processors || state.Interfaces.Length != Processors || state.Wakers.Length != Processors || state.Routes.Length != SpiCount)
            throw new ArgumentException("The state is of another interrupt controller.", nameof(state));

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
        AttendAll();
    }

    private protected override void AttendTargets(int index)
    {
        int target = Volatile.Read(ref _targets[index]);
        if (target >= 0)
            Attend(target);
    }

    /// <summary>LPIs are numbered above all others, which win where priorities are equal.</summary>
    private protected override void ChooseMore(int processor, CpuInterface cpu)
    {
        if (Lpis is not { } lpis || !lpis.TryGetPending(processor, out int id, out byte priority) || priority >= cpu.PendingPriority)
            return;
        cpu.PendingId = id;
        cpu.PendingPriority = priority;
        cpu.PendingIsGroup1 = true;
    }

    private protected override bool TryAcknowledgeMore(int processor, int id) => Lpis?.TryAcknowledge(processor, id) ?? false;

    private protected override bool Group0DrivesFiq(int processor) => true;

    /// <summary>Bit 31, any participating processor, is taken as the first. Both the old and the new target look afterwards.</summary>
    private void SetRoute(int index, ulong route)
    {
        const ulong AnyProcessor = 1UL << 31;
        int target = (route & AnyProcessor) != 0 ? 0 : Array.IndexOf(_affinities, route & 0xFF_00FF_FFFF);
        int old;
        lock (_routeGate)
        {
            old = _targets[index];
            _routes[index] = route & 0xFF_80FF_FFFF;
            SetTargeted(Math.Max(old, 0), index, false);
            Volatile.Write(ref _targets[index], target);
            if (target >= 0)
                SetTargeted(target, index, true);
        }

        if ((Shared.Pending(index / 32) & (1u << (index & 31))) == 0)
            return;
        if (old >= 0)
            Attend(old);
        AttendTargets(index);
    }

    private int[] ClusterOf(ulong cluster)
    {
        if (_clusters.TryGetValue(cluster, out int[]? places))
            return places;
        places = new int[256];
        Array.Fill(places, -1);
        _clusters.Add(cluster, places);
        return places;
    }
}

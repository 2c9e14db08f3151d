namespace Arm64Vm.Profiling;

/// <summary>Where a processor's wall time goes.</summary>
internal enum ProfilePlace
{
    /// <summary>In emitted code: the guest gets on.</summary>
    Emitted,

    /// <summary>Making translations.</summary>
    Translate,

    /// <summary>The run loop: exceptions, system registers, finding code.</summary>
    RunLoop,

    /// <summary>Table walks and accesses that the inline TLB could not do.</summary>
    Mmu,

    /// <summary>Registers of devices.</summary>
    Devices,

    /// <summary>Ready to run, without a host thread.</summary>
    Scheduler,

    /// <summary>The guest waits, or the processor is switched off.</summary>
    Idle,

    /// <summary>The host had the thread do something else: other processes, page faults, the runtime.</summary>
    Host,
}

/// <summary>Facts of <see cref="ProfilePlace"/>.</summary>
internal static class ProfilePlaces
{
    /// <summary>How many there are.</summary>
    public const int Count = 8;

    /// <summary>In words, as tables show it.</summary>
    public static string Name(ProfilePlace place) => place switch
    {
        ProfilePlace.Emitted => "emitted",
        ProfilePlace.Translate => "translate",
        ProfilePlace.RunLoop => "run loop",
        ProfilePlace.Mmu => "mmu",
        ProfilePlace.Devices => "devices",
        ProfilePlace.Scheduler => "scheduler",
        ProfilePlace.Idle => "idle",
        _ => "host",
    };
}

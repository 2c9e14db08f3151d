namespace Arm64Vm.Machine.Smbios;

/// <summary>What SMBIOS says about a machine.</summary>
internal sealed record SmbiosMachine
{
    public required ulong MemoryBytes { get; init; }

    public required int CpuCount { get; init; }

    /// <summary>Name of the processor model.</summary>
    public required string CpuName { get; init; }

    /// <summary>MIDR_EL1, which is the processor's identifier.</summary>
    public required uint Midr { get; init; }

    /// <summary>All zeros: it has none.</summary>
    public Guid Uuid { get; init; }

    /// <summary>Version of the product.</summary>
    public required string Version { get; init; }
}

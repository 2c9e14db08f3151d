namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Offsets of the fields of <see cref="Ir.ExitRecord"/>; a test holds them to the struct.</summary>
internal static class ExitLayout
{
    public const int Reason = 0;
    public const int PcDelta = 4;
    public const int Payload = 8;
    public const int Address = 16;
    public const int Site = 24;
    public const int Resume = 32;

    /// <summary>Returned by emitted code in eax, beside the values of ExitReason: a direct jump asks for a link; the site's record is at Site.</summary>
    public const int LinkRequest = 0x40;

    /// <summary>A resumable exit; its record is at Resume.</summary>
    public const int SlowRequest = 0x41;

    /// <summary>An indirect jump missed the jump cache: the context's PC is set.</summary>
    public const int IndirectRequest = 0x42;
}

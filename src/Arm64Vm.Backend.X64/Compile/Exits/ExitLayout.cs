namespace Arm64Vm.Backend.X64.Compile;

/// <summary>The way out of emitted code and back: here it is drawn, and the fields of <see cref="Ir.ExitRecord"/> and the codes that go over it are defined.</summary>
/// <remarks>
/// <code>
///  unit (X64Compiler)                    stubs (Stubs), made once for a machine                     C# (JitExecutor.RunUnits)
///  ──────────────────                    ─────────────────────────────────────                      ───────────────────────
///                                        Enter: host registers to the stack, pinned guest    ◄───── enter(context), Entry = the unit
///  first instruction  ◄───────────────── registers, MXCSR and return stack from the context
///   │
///   ├─ EmitExit: an exception, WFI, the end of what is translated
///   │    eax = ExitReason; PcDelta, Payload, Address  ──► Exit ─────────────────────────────────►  returns the reason to Vcpu.Run
///   │
///   ├─ a request in the poll word (loops, indirect jumps)
///   │    eax = offset of the next instruction ──► PollExit: PcDelta ──► Exit ───────────────────►  ExitReason.Poll, to Vcpu.Run
///   │
///   ├─ a direct jump that has no link yet
///   │    call, number of the LinkSite behind it ──► LinkExit: Site ──► Exit ────────────────────►  LinkRequest: finds or makes the target,
///   │    a call of another page: the number before the call ──► FarCallUnlinked ──► Exit           patches the jump, enters the target
///   ├─ BR, BLR, RET: not predicted, not in the fetch-side TLB
///   │    rax = target ──► MissOfType: Pc, BTYPE ──► Exit ───────────────────────────────────►  IndirectRequest: finds or makes the
///   │                                                                                              target, fills the TLB, enters it
///   └─ what C# has to do in the middle of a unit: EmitSlow
///        rax = address or operand slots filled; call, a record behind it
///        (SlowDescriptor, 16 bytes, or for memory MemoryRecord, 8)
///          [Probe, ProbeMiss ──►] SlowExit: Resume = the record's place, Address = rax,
///                                 pool registers to HostGpr and HostXmm ──► Exit ───────────────►  SlowRequest: JitExecutor.Serve reads the record,
///                                                                                                  finds registers by SavedRegisters, does it, and
///                                                                                                   ├─ an exception was raised: on at the handler
///        on behind the record, or at ◄── Resume: pool registers back ◄── Enter ◄─────────────────  └─ else Entry = Stubs.Resume, Resume moved on
///        MemoryRecord.Resume
/// </code>
/// <c>Exit</c> stores pinned registers, MXCSR and the return stack into the context, takes the host's registers from the stack and returns eax. So pinned registers
/// are in the context whenever C# has control, and what is in pool registers is only saved where the unit goes on.
/// </remarks>
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

namespace Arm64Vm.Cpu.Debugging;

/// <summary>Why a processor stopped for a debugger.</summary>
internal enum DebugStopKind
{
    /// <summary>It is about to execute an instruction with a breakpoint.</summary>
    Breakpoint,

    /// <summary>It is about to make an access that is watched.</summary>
    Watchpoint,

    /// <summary>It executed one instruction, or took the exception that came instead.</summary>
    Step,
}

/// <summary>A processor stopped for a debugger.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Address">Of the instruction; of a watchpoint: the lowest watched byte of the access.</param>
/// <param name="Watch">The watchpoint; null for the other kinds.</param>
internal sealed record DebugStop(DebugStopKind Kind, ulong Address, DebugWatch? Watch = null);

/// <summary>Which accesses a watchpoint stops at.</summary>
[Flags]
internal enum DebugAccess
{
    Read = 1,
    Write = 2,
    Any = Read | Write,
}

/// <summary>Bytes whose accesses a debugger watches, by virtual address.</summary>
/// <param name="Address">The first.</param>
/// <param name="Length">How many, at least 1.</param>
/// <param name="Access">Which accesses.</param>
internal sealed record DebugWatch(ulong Address, ulong Length, DebugAccess Access);

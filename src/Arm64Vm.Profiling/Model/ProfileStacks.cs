namespace Arm64Vm.Profiling;

/// <summary>A place in guest code.</summary>
/// <param name="Address">Virtual: of the instruction that was sampled, or of the call for callers.</param>
/// <param name="ExceptionLevel">0 or 1.</param>
/// <param name="Process">Index of the process; −1 where the address is the kernel's or firmware's.</param>
/// <param name="Symbol">Index of the symbol; −1: unknown.</param>
internal readonly record struct ProfileFrame(ulong Address, byte ExceptionLevel, int Process, int Symbol);

/// <summary>A frame and what called it.</summary>
/// <param name="Parent">Index of the caller's node, less than this node's; −1: the outermost frame.</param>
/// <param name="Frame">Index of the frame.</param>
internal readonly record struct ProfileStack(int Parent, int Frame);

/// <summary>One sample. Those of <see cref="ProfilePlace.Host"/> say where the host interrupted the guest: they are no time of that code.</summary>
/// <param name="Time">When.</param>
/// <param name="Processor">Which processor's.</param>
/// <param name="Place">What it was doing.</param>
/// <param name="Process">Index of the process whose address space was in use, or −1.</param>
/// <param name="Stack">Index of the innermost frame's node; −1: the guest was not running, or nothing is known.</param>
/// <param name="Block">Index of the block; −1 outside of emitted code, and in its shared routines.</param>
/// <param name="HostOffset">Bytes from the start of the block's host code.</param>
/// <param name="Weight">Intervals that it stands for: more than one where the host was late.</param>
internal readonly record struct ProfileSample(long Time, int Processor, ProfilePlace Place, int Process, int Stack, int Block, int HostOffset, int Weight);

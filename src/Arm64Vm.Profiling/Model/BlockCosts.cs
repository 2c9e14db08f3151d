namespace Arm64Vm.Profiling;

/// <summary>What is known of a unit's code beyond its size. The first three are of the code; the others were counted while it ran, and are 0 where entries were not.</summary>
/// <param name="Spills">Values stored to spill slots on the way through.</param>
/// <param name="FlagStores">Times that NZCV is stored to memory on the way through.</param>
/// <param name="Accesses">Memory accesses on the way through.</param>
/// <param name="Returns">Returns executed.</param>
/// <param name="ReturnMisses">Of these, returns that the return stack did not predict.</param>
/// <param name="Branches">Branches and calls to an address in a register.</param>
/// <param name="PageChanges">Jumps and calls to a fixed place on another page.</param>
internal readonly record struct BlockCosts(int Spills, int FlagStores, int Accesses, long Returns, long ReturnMisses, long Branches, long PageChanges);

namespace Arm64Vm.Translation.Jit;

/// <summary>A unit that is gone: where in its page it began, and the host address that jump caches may still hold.</summary>
public readonly record struct RemovedEntry(int PageOffset, long Entry);

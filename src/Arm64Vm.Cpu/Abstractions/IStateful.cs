namespace Arm64Vm.Cpu;

/// <summary>Separates what must survive a snapshot or a move to another host from live handles.</summary>
/// <typeparam name="TState">A record of plain data: no host address, no handle, no translated code.</typeparam>
internal interface IStateful<TState>
{
    /// <summary>Copies the state out, also in mid-operation.</summary>
    TState Save();

    /// <summary>Replaces the state; derived values and interrupt lines are recomputed.</summary>
    void Restore(TState state);
}

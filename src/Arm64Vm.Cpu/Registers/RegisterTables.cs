using System.Collections.Concurrent;

namespace Arm64Vm.Cpu.Registers;

/// <summary>Tables of system registers, which processors of one model share, also those of different machines: a table is some 90 KiB and never changes once it is made.</summary>
internal sealed class RegisterTables
{
    private readonly ConcurrentDictionary<(CpuModel Model, bool HasGicRegisters), RegisterTable> _tables = new();

    internal RegisterTable Of(CpuModel model, bool hasGicRegisters) =>
        _tables.GetOrAdd((model, hasGicRegisters), static key => new RegisterTable(key.Model, key.HasGicRegisters));
}

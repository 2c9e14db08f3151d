using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Iced.Intel;

namespace Arm64Vm.Translation.Tests.Golden;

/// <summary>Names for what emitted code addresses: its own labels, stubs, constants, and fields of the context.</summary>
internal sealed unsafe class HostSymbols : ISymbolResolver
{
    private readonly ulong start;
    private readonly ulong length;
    private readonly ulong buffer;
    private readonly Stubs stubs;
    private readonly SortedSet<int> labels = [];

    public HostSymbols(TranslationCache cache, int unit, int length)
    {
        start = (ulong)cache.EntryOf(unit);
        this.length = (ulong)length;
        buffer = start - (ulong)cache.Unit(unit).CodeOffset;
        stubs = cache.Stubs;
    }

    /// <summary>Remembers the places in the unit that an instruction refers to.</summary>
    public void Note(in Instruction instruction)
    {
        bool branch = instruction.OpCount > 0 && instruction.Op0Kind is OpKind.NearBranch64;
        ulong target = branch ? instruction.NearBranchTarget : instruction.IsIPRelativeMemoryOperand ? instruction.IPRelativeMemoryAddress : 0;
        if (target - start <= length)
            labels.Add((int)(target - start));
    }

    /// <summary>Remembers a place in the unit.</summary>
    public void Note(int position) => labels.Add(position);

    /// <summary>Name of a host register.</summary>
    public static string NameOf(byte register) => (Register.RAX + register).ToString().ToLowerInvariant();

    public string? LabelAt(int position) => labels.Contains(position) ? Label(position) : null;

    /// <summary>True for the stubs that find a record behind the call.</summary>
    public bool IsLink(ulong target) => (long)target == stubs.LinkExit;

    public bool HasRecord(ulong target) => (long)target == stubs.SlowExit || (long)target == stubs.LinkExit || ProbeStub((long)target) is not null;

    public bool TryGetSymbol(in Instruction instruction, int operand, int instructionOperand, ulong address, int addressSize, out SymbolResult symbol)
    {
        OpKind kind = instructionOperand >= 0 ? instruction.GetOpKind(instructionOperand) : OpKind.Memory;
        string? name = kind switch
        {
            OpKind.NearBranch64 => OfCode(address),
            OpKind.Memory when instruction.IsIPRelativeMemoryOperand => OfCode(address) ?? Constant(address),
            OpKind.Memory when instruction.MemoryBase == Register.R15 => ContextFields.NameOf((int)(long)address + HostAbi.ContextBias),
            OpKind.Immediate64 when address - buffer < TranslationCache.DefaultSize => OfCode(address) ?? "somewhere",
            _ => null,
        };
        symbol = name is null ? default : new SymbolResult(address, name);
        return name is not null;
    }

    private string? OfCode(ulong address)
    {
        if (address - start <= length)
            return Label((int)(address - start));
        long value = (long)address;
        return value == stubs.Exit ? "Exit"
            : value == stubs.SlowExit ? "SlowExit"
            : value == stubs.LinkExit ? "LinkExit"
            : value == stubs.PollExit ? "PollExit"
            : value == stubs.MissOfType(0) ? "IndirectMiss"
            : value == stubs.MissOfType(1) ? "TrampolineMiss"
            : value == stubs.MissOfType(3) ? "JumpMiss"
            : value == stubs.CallMissOfType(0) || value == stubs.CallMissOfType(2) ? "CallMiss"
            : value == stubs.ReturnMiss ? "ReturnMiss"
            : value == stubs.FarCallUnlinked ? "FarCallUnlinked"
            : ProbeStub(value);
    }

    private string? ProbeStub(long address)
    {
        for (int table = 0; table < GuestContext.MmuIndexes * 2; table++)
        {
            int field = GuestContext.TlbOffset + (table * GuestContext.TlbBytes);
            string name = ContextFields.NameOf(field)!;
            foreach (byte index in HostAbi.PoolGpr)
            {
                if (stubs.ProbeMiss(field, (Gpr)index) == address)
                    return $"Miss.{name}.{NameOf(index)}";
            }

            for (int bytes = 1; bytes <= 32; bytes *= 2)
            {
                if (stubs.Probe(table / 2, (table & 1) != 0, bytes) == address)
                    return $"Probe.{name}.{bytes}";
            }
        }

        return null;
    }

    private string Label(int position) => $"L{labels.TakeWhile(label => label < position).Count() + 1}";

    // SAFETY: constants lie in the code buffer, below the first unit; the cache is alive.
    private string? Constant(ulong address)
    {
        if (address < buffer || address >= start)
            return null;
        ulong* value = (ulong*)address;
        return $"const {value[1]:x}'{value[0]:x16}";
    }
}

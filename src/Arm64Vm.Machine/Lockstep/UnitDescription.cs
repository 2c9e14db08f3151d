using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Machine.Board;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Machine.Lockstep;

/// <summary>Makes everything about a unit readable.</summary>
/// <remarks>SAFETY: reads the page of guest memory the unit was made from, which stays mapped while the machine exists.</remarks>
internal sealed unsafe class UnitDescription(CpuModel model, int rounds)
{
    private const ulong PageMask = 0xFFF;

    /// <summary>Null where nothing has run, or its memory is gone.</summary>
    public LockstepUnit? Describe(JitExecutor jit, PhysicalMemory memory, ulong pc)
    {
        if (jit.LastUnit < 0)
            return null;
        var unit = jit.Cache.Unit(jit.LastUnit);
        var physical = unit.PhysicalAddress;
        var host = memory.Resolve(physical & ~PageMask, out var available, out _);
        if (unit.CodeOffset == 0 || host == null || available <= PageMask)
            return null;

        // After an exception at the fetch, the unit that ran is the handler's.
        var address = (pc & PageMask) == (physical & PageMask) ? pc : physical;
        var offset = (int)(physical & PageMask);
        var words = new uint[unit.GuestSize / 4];
        new ReadOnlySpan<uint>(host + offset, words.Length).CopyTo(words);
        var location = new CodeLocation { PhysicalPage = physical & ~PageMask, Host = host, Mode = unit.Mode };
        return new LockstepUnit(
            address, physical, words, Print(location, offset, optimize: false), Print(location, offset, optimize: true),
            jit.Cache.CodeOf(jit.LastUnit).ToArray(), (ulong)jit.Cache.EntryOf(jit.LastUnit));
    }

    private string Print(in CodeLocation location, int offset, bool optimize)
    {
        var region = new IrRegion();
        new Translator(new TranslatorOptions { Features = model.Features, Optimize = optimize, MaxSideExits = TranslatorOptions.MachineSideExits, MaxRounds = rounds, KeepsFlags = true }).Translate(location, offset, region);
        return IrPrinter.Print(region);
    }
}

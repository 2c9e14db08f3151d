using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;

namespace Arm64Vm.Backend.X64.Tests.Emit;

/// <summary>A memory operand and what Iced should make of it.</summary>
internal sealed record MemCase(Mem Mem, Register Base, Register Index, int Scale, long Disp)
{
    private static readonly int[] Displacements = [0, 8, -128, 127, 128, -129, 0x12345678, int.MinValue];

    /// <summary>Every base with every displacement, every base with every index and scale, and the forms without a base.</summary>
    public static MemCase[] All { get; } = [.. MakeAll()];

    /// <summary>A selection that still has the odd bases rsp, rbp, r12 and r13 and all sizes of displacement.</summary>
    public static MemCase[] Some { get; } =
    [
        At(Gpr.Rax), At(Gpr.Rsp), At(Gpr.Rbp), At(Gpr.R12), At(Gpr.R13), At(Gpr.R15, 64), At(Gpr.Rsp, 64), At(Gpr.Rbp, -64), At(Gpr.R12, 0x1234),
        At(Gpr.R13, 0x1230), At(Gpr.R8, 4096), At(Gpr.Rbx, 1),
        At(Gpr.Rax, Gpr.Rcx, 1), At(Gpr.R13, Gpr.R12, 8), At(Gpr.Rbp, Gpr.R15, 4, 16), At(Gpr.R8, Gpr.Rbp, 2, 0x10000), At(Gpr.Rsp, Gpr.Rdi, 8, -32),
        NoBase(Gpr.R9, 4, 0x100),
    ];

    public static MemCase At(Gpr b, int disp = 0) => new(Mem.Base(b, disp), Regs.R64(b), Register.None, 1, disp);

    public static MemCase At(Gpr b, Gpr i, int scale, int disp = 0) => new(Mem.Index(b, i, scale, disp), Regs.R64(b), Regs.R64(i), scale, disp);

    public static MemCase NoBase(Gpr i, int scale, int disp) => new(Mem.Scaled(i, scale, disp), Register.None, Regs.R64(i), scale, disp);

    public static unsafe MemCase RipTo(byte* target) => new(Mem.RipTo((long)target), Register.RIP, Register.None, 1, (long)target);

    public bool Matches(in Instruction instruction)
        => instruction.MemoryBase == Base && instruction.MemoryIndex == Index
            && (Index == Register.None || instruction.MemoryIndexScale == Scale)
            && (long)instruction.MemoryDisplacement64 == Disp;

    private static IEnumerable<MemCase> MakeAll()
    {
        foreach (Gpr b in Regs.All)
        {
            foreach (int disp in Displacements)
            {
                yield return At(b, disp);
            }

            foreach (Gpr i in Regs.All)
            {
                if (i == Gpr.Rsp)
                {
                    continue;
                }

                foreach (int scale in new[] { 1, 2, 4, 8 })
                {
                    yield return At(b, i, scale, Displacements[((int)b + (int)i + scale) & 7]);
                }
            }

            if (b != Gpr.Rsp)
            {
                yield return NoBase(b, 8, 64);
                yield return NoBase(b, 1, 0);
            }
        }
    }
}

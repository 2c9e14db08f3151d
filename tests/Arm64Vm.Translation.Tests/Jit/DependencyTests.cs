using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>Bytes that a translation looked at beyond its own instructions: changing them drops it as well.</summary>
public unsafe class DependencyTests
{
    private const ulong CodeBase = 0x2000_0000;
    private const int Start = 0x100;
    private const uint MrsX2Nzcv = 0xD53B_4202;
    private const uint Zero = 1u << 30;
    private const uint Carry = 1u << 29;

    /// <summary>Flags that the successor overwrites are not computed; once the successor is patched to read them they are.</summary>
    [Theory]
    [InlineData(false, 0x80)]
    [InlineData(false, 0x200)]
    [InlineData(true, 0x80)]
    [InlineData(true, 0x200)]
    public void FlagsAfterASuccessorWasPatched(bool interpreted, int successor)
    {
        using FlatMachine machine = new(CodeBase, 0x1000);
        using IExecutor executor = Executor(machine, interpreted);
        Span<uint> code = MemoryMarshal.Cast<byte, uint>(machine.Code);
        code[Start / 4] = 0xF100_0400; // subs x0, x0, #1
        code[(Start / 4) + 1] = 0x1400_0000 | (uint)((successor - Start - 4) / 4 & 0x3FF_FFFF); // b successor
        code[successor / 4] = 0xD280_0023; // mov x3, #1
        code[(successor / 4) + 1] = 0xEB03_003F; // cmp x1, x3
        Run(machine, executor);

        code[(successor / 4) + 1] = MrsX2Nzcv;
        executor.Invalidate(CodeBase + (ulong)successor + 4, 4);
        Run(machine, executor);
        Assert.Equal(Zero | Carry, machine.Context->X[2]);
    }

    /// <summary>The same where the successor lies behind a side exit of the unit, which goes on past the branch.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FlagsBehindASideExitWhoseTargetWasPatched(bool interpreted)
    {
        const int Target = 0x200;
        using FlatMachine machine = new(CodeBase, 0x1000);
        using IExecutor executor = Executor(machine, interpreted);
        Span<uint> code = MemoryMarshal.Cast<byte, uint>(machine.Code);
        code[Start / 4] = 0xF100_0400; // subs x0, x0, #1
        code[(Start / 4) + 1] = 0xB400_0004 | (uint)((Target - Start - 4) / 4 << 5); // cbz x4, target
        code[(Start / 4) + 2] = 0xEB03_003F; // cmp x1, x3
        code[Target / 4] = 0xD280_0023; // mov x3, #1
        code[(Target / 4) + 1] = 0xEB03_003F; // cmp x1, x3
        Run(machine, executor);
        machine.Context->X[4] = 1;
        Run(machine, executor);
        machine.Context->X[4] = 0;

        code[(Target / 4) + 1] = MrsX2Nzcv;
        executor.Invalidate(CodeBase + Target + 4, 4);
        Run(machine, executor);
        Assert.Equal(Zero | Carry, machine.Context->X[2]);
    }

    private static IExecutor Executor(FlatMachine machine, bool interpreted) => interpreted
        ? new InterpreterExecutor(machine, machine, new TranslatorOptions())
        : new JitExecutor(machine, machine, new Translator(new TranslatorOptions()), HostFeatures.Detect(), 1 << 20);

    private static void Run(FlatMachine machine, IExecutor executor)
    {
        machine.Context->X[0] = 1;
        machine.Context->X[1] = 5;
        machine.Context->Pc = CodeBase + Start;
        executor.Run(machine.Context);
    }
}

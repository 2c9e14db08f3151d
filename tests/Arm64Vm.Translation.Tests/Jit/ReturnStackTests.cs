using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>Returns that no call belongs to.</summary>
public unsafe class ReturnStackTests
{
    private const ulong CodeBase = 0x2000_0000;

    /// <summary>Found by the machine's fuzz: the empty return stack held a pair for address 1, with no host address to go to.</summary>
    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(ulong.MaxValue)]
    public void AGuestMayReturnToAnyAddress(ulong target)
    {
        using FlatMachine machine = new(CodeBase, 0x1000);
        using JitExecutor executor = new(machine, machine, new Translator(new TranslatorOptions()), HostFeatures.Detect(), 1 << 20);
        MemoryMarshal.Cast<byte, uint>(machine.Code)[0] = 0xD65F_03C0; // ret
        for (int round = 0; round < 3; round++)
        {
            machine.Context->X[30] = target;
            machine.Context->Pc = CodeBase;
            ExitReason reason = executor.Run(machine.Context);
            Assert.Equal((target & 3) != 0 ? ExitReason.PcAlignment : ExitReason.Breakpoint, reason);
            Assert.Equal(target, machine.Context->Pc);
            Assert.Equal(HostContext.Of(machine.Context)->ReturnStackBase, HostContext.Of(machine.Context)->ReturnStack);
        }
    }
}

using System.Runtime.InteropServices;

namespace Arm64Vm.Machine.Tests.Fuzz;

/// <summary>DC ZVA where it must not zero anything, on a page that a store has just entered in the inline TLB. Found by the machine's differential fuzz.</summary>
public class ZeroBlockTests
{
    /// <summary>Exception classes (ESR_EL1.EC): the guest ends with the one it got.</summary>
    private const int TrappedSystemInstruction = 0x18;
    private const int DataAbort = 0x25;

    private static uint[] WithTheMmuOff =>
    [
        0x10004000, // adr x0, .+0x800
        0xD518C000, // msr vbar_el1, x0
        0xD2A84001, // mov x1, #0x42000000
        0xF900003F, // str xzr, [x1]
        0xD50B7421, // dc zva, x1
        0xD4000001, // svc #0
        .. new uint[634], // up to +0xa00
        0xD5385205, // mrs x5, esr_el1
        0xD35AFCA5, // lsr x5, x5, #26
        0xD2A86001, // mov x1, #0x43000000
        0x528004C2, // mov w2, #0x26
        0x72A00042, // movk w2, #2, lsl #16
        0xA9001422, // stp x2, x5, [x1]
        0x52800300, // mov w0, #0x18
        0xD45E0000, // hlt #0xf000
    ];

    private static uint[] AtEl0WithoutPermission =>
    [
        0x10004000, // adr x0, .+0x800
        0xD518C000, // msr vbar_el1, x0
        0xD2A84001, // mov x1, #0x42000000
        0xD5381002, // mrs x2, sctlr_el1
        0x9271F842, // bic x2, x2, #0x4000
        0xD5181002, // msr sctlr_el1, x2
        0xD518401F, // msr spsr_el1, xzr
        0x10000060, // adr x0, .+12
        0xD5184020, // msr elr_el1, x0
        0xD69F03E0, // eret
        0xF900003F, // str xzr, [x1]
        0xD50B7421, // dc zva, x1
        0xD4000001, // svc #0
        .. new uint[755], // up to +0xc00
        0xD5385205, // mrs x5, esr_el1
        0xD35AFCA5, // lsr x5, x5, #26
        0xD2A86001, // mov x1, #0x43000000
        0x528004C2, // mov w2, #0x26
        0x72A00042, // movk w2, #2, lsl #16
        0xA9001422, // stp x2, x5, [x1]
        0x52800300, // mov w0, #0x18
        0xD45E0000, // hlt #0xf000
    ];

    [Theory]
    [InlineData(ExecutionBackend.Auto)]
    [InlineData(ExecutionBackend.Interpreter)]
    public async Task MemoryIsDeviceWithTheMmuOff(ExecutionBackend backend) => Assert.Equal(DataAbort, await ExitCode(WithTheMmuOff, backend));

    [Theory]
    [InlineData(ExecutionBackend.Auto)]
    [InlineData(ExecutionBackend.Interpreter)]
    public async Task El0NeedsDze(ExecutionBackend backend) => Assert.Equal(TrappedSystemInstruction, await ExitCode(AtEl0WithoutPermission, backend));

    private static async Task<int> ExitCode(uint[] words, ExecutionBackend backend)
    {
        byte[] file = GuestElf.Make(MemoryMarshal.AsBytes<uint>(words));
        await using VirtualMachine vm = VirtualMachine.Create(new MachineConfig { Memory = GuestRun.Memory, Kernel = file, Backend = backend, NoReboot = true });
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(30));
        RunResult result = await vm.RunAsync(timeout.Token);
        Assert.Equal(RunEnd.SemihostingExit, result.End);
        return result.ExitCode;
    }
}

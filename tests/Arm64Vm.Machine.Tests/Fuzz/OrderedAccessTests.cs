using System.Runtime.InteropServices;

namespace Arm64Vm.Machine.Tests.Fuzz;

/// <summary>Alignment of load-acquire and store-release on Normal memory where FEAT_LSE2 is absent, as in all models (Arm ARM B2.2.2), with emitted code and with the interpreter.</summary>
public class OrderedAccessTests
{
    private const int Access = 21;

    /// <summary>No exception.</summary>
    private const int Done = 99;
    private const int AlignmentFault = 0x21;

    private static uint[] Program =>
    [
        0x10004000, // adr x0, .+0x800
        0xD518C000, // msr vbar_el1, x0
        0xD2A82001, // mov x1, #0x41000000
        0xD2A80002, // mov x2, #0x40000000
        0xD280E0A3, // mov x3, #0x705
        0xAA030042, // orr x2, x2, x3
        0xF9000422, // str x2, [x1, #8]
        0xD29FE002, // mov x2, #0xff00
        0xD518A202, // msr mair_el1, x2
        0xD5182001, // msr ttbr0_el1, x1
        0xD2800322, // mov x2, #0x19
        0xF2A01002, // movk x2, #0x80, lsl #16
        0xF2C00042, // movk x2, #2, lsl #32
        0xD5182042, // msr tcr_el1, x2
        0xD5381002, // mrs x2, sctlr_el1
        0xB2400042, // orr x2, x2, #1
        0xD5181002, // msr sctlr_el1, x2
        0xD5033FDF, // isb
        0xD2A84001, // mov x1, #0x42000000
        0xF9400022, // ldr x2, [x1]
        0xF9000022, // str x2, [x1]
        0xD9405022, // ldapur x2, [x1, #5]
        0xD2800C65, // mov x5, #99
        0x1400026B, // b .+0x9ac
        0xD503201F, // nop
        .. new uint[615], // up to +0xa00
        0xD5385205, // mrs x5, esr_el1
        0x924014A5, // and x5, x5, #0x3f
        0xD2A86001, // mov x1, #0x43000000
        0x528004C2, // mov w2, #0x26
        0x72A00042, // movk w2, #2, lsl #16
        0xA9001422, // stp x2, x5, [x1]
        0x52800300, // mov w0, #0x18
        0xD45E0000, // hlt #0xf000
    ];

    /// <summary>Found by the machine's differential fuzz: emitted code let misaligned LDAPUR and STLUR pass.</summary>
    [Theory]
    [InlineData(0xC8DF_FC22, Done)] // ldar x2, [x1]
    [InlineData(0xD940_5022, AlignmentFault)] // ldapur x2, [x1, #5]
    [InlineData(0xD940_D022, AlignmentFault)] // ldapur x2, [x1, #13]
    [InlineData(0x5940_F022, AlignmentFault)] // ldapurh w2, [x1, #15]
    [InlineData(0x9980_F022, AlignmentFault)] // ldapursw x2, [x1, #15]
    [InlineData(0xD900_1022, AlignmentFault)] // stlur x2, [x1, #1]
    [InlineData(0x9900_C022, Done)] // stlur w2, [x1, #12]
    [InlineData(0x9900_E022, AlignmentFault)] // stlur w2, [x1, #14]
    public async Task OrderedAccessesMustBeAligned(uint word, int expected)
    {
        uint[] words = Program;
        words[Access] = word;
        byte[] file = GuestElf.Make(MemoryMarshal.AsBytes<uint>(words));
        foreach (ExecutionBackend backend in new[] { ExecutionBackend.Auto, ExecutionBackend.Interpreter })
        {
            await using VirtualMachine vm = VirtualMachine.Create(new MachineConfig { Memory = GuestRun.Memory, Kernel = file, Backend = backend, NoReboot = true });
            using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(30));
            RunResult result = await vm.RunAsync(timeout.Token);
            Assert.Equal(RunEnd.SemihostingExit, result.End);
            Assert.Equal(expected, result.ExitCode);
        }
    }
}

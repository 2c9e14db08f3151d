namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>A driver of the first disk, assembled: one request at a time, waiting for its end by looking at the used ring.</summary>
internal static class DiskProgram
{
    private const ulong Transport = 0x0A00_3E00;
    private const ulong Descriptors = 0x4020_0000;
    private const ulong Available = Descriptors + 0x1000;
    private const ulong Used = Descriptors + 0x2000;
    private const ulong Header = Descriptors + 0x3000;
    private const ulong Status = Descriptors + 0x3100;
    private const ulong Data = Descriptors + 0x4000;

    /// <summary>Sectors that <see cref="WriteNumbers"/> uses in turn.</summary>
    public const int Sectors = 64;

    /// <summary>
    /// For n = 1, 2, …: writes n into sector n modulo 64, flushes, and prints n as four characters of six bits each and a line end,
    /// as <see cref="NumberOf"/> reads it, and "E" at the first error, which ends it.
    /// </summary>
    public static TestProgram WriteNumbers()
    {
        var program = SetUp(new TestProgram());
        program.Set(21, 0);
        var loop = program.Here;
        program.Add(0x9100_06B5); // add x21, x21, #1
        program.Set(1, Data).Add(0xB900_0035); // str w21, [x1]
        program.Add(0x9240_16A2); // and x2, x21, #63
        program.Set(1, Header).Add(0xF900_0422); // str x2, [x1, #8]
        Request(program, type: 1, hasData: true);
        var writeFailed = FailureBranch(program);
        Request(program, type: 4, hasData: false);
        var flushFailed = FailureBranch(program);
        program.Set(17, 0x0900_0000);
        foreach (var shift in (ReadOnlySpan<uint>)[18, 12, 6, 0])
            program.Add(0xD340_0000 | shift << 16 | (shift + 5) << 10 | 21 << 5 | 16, 0x1100_C210, 0x3900_0230); // ubfx x16, x21, #shift, #6; add w16, w16, #'0'; strb w16, [x17]
        program.Set(16, '\n').Add(0x3900_0230);
        program.Add(0x1400_0000 | (uint)((loop - program.Here) & 0x3FF_FFFF)); // b loop
        program.Land(writeFailed);
        program.Land(flushFailed);
        return program.Print("E").PowerOff();
    }

    /// <summary>Writes the sectors from 0 to <paramref name="last"/> in steps, prints the digit of each status, then reads sector 0 and prints its status.</summary>
    public static TestProgram WriteAndPrintStatus(int last, int step)
    {
        var program = SetUp(new TestProgram());
        for (var sector = 0; sector <= last; sector += step)
        {
            program.Set(2, (ulong)sector).Set(1, Header).Add(0xF900_0422);
            Request(program, type: 1, hasData: true);
            PrintStatus(program);
        }

        program.Set(2, 0).Set(1, Header).Add(0xF900_0422);
        Request(program, type: 4, hasData: false);
        PrintStatus(program);
        return program.Print("!").PowerOff();
    }

    /// <summary>The number of a line that <see cref="WriteNumbers"/> printed.</summary>
    public static int NumberOf(string line) => line.Aggregate(0, (value, character) => value << 6 | (character - '0'));

    private static void PrintStatus(TestProgram program) =>
        program.Set(17, 0x0900_0000).Add(0x1100_C070 | 0, 0x3900_0230); // add w16, w3, #'0'; strb w16, [x17]

    private static TestProgram SetUp(TestProgram program)
    {
        program.Set(20, Transport);
        (uint Offset, ulong Value)[] registers =
        [
            (0x70, 0), (0x70, 3), (0x24, 1), (0x20, 1), (0x24, 0), (0x20, 1 << 9), (0x70, 11), (0x30, 0), (0x38, 8),
            (0x80, Descriptors), (0x84, 0), (0x90, Available), (0x94, 0), (0xA0, Used), (0xA4, 0), (0x44, 1), (0x70, 15),
        ];
        foreach (var (offset, value) in registers)
            program.Set(0, value).Add(0xB900_0280 | offset / 4 << 10); // str w0, [x20, #offset]
        Describe(program, 0, Header, 16, flags: 1, next: 1);
        Describe(program, 1, Data, 512, flags: 1, next: 2);
        Describe(program, 2, Status, 1, flags: 2, next: 0);
        Describe(program, 3, Header, 16, flags: 1, next: 2);
        return program.Set(22, 0);
    }

    private static void Describe(TestProgram program, int index, ulong address, ulong length, ulong flags, ulong next) => program
        .Set(1, Descriptors + (ulong)index * 16)
        .Set(0, address).Add(0xF900_0020) // str x0, [x1]
        .Set(0, length | flags << 32 | next << 48).Add(0xF900_0420); // str x0, [x1, #8]

    /// <summary>Makes a request available, notifies, waits; the status is in w3. x22 counts requests.</summary>
    private static void Request(TestProgram program, ulong type, bool hasData)
    {
        program.Set(1, Header).Set(0, type).Add(0xB900_0020); // str w0, [x1]
        program.Set(0, hasData ? 0u : 3u).Add(0x9240_0AC2); // and x2, x22, #7
        program.Set(1, Available).Add(0x8B02_0422, 0x7900_0840); // add x2, x1, x2, lsl #1; strh w0, [x2, #4]
        program.Add(0x9100_06D6, 0xD503_3BBF, 0x7900_0436, 0xD503_3F9F); // add x22, x22, #1; dmb ish; strh w22, [x1, #2]; dsb sy
        program.Set(0, 0).Add(0xB900_5280); // str w0, [x20, #0x50]
        program.Set(1, Used);
        var wait = program.Here;
        program.Add(0x7940_0423, 0x1200_3EC4, 0x6B04_007F); // ldrh w3, [x1, #2]; and w4, w22, #0xffff; cmp w3, w4
        program.Add(0x5400_0001 | (uint)((wait - program.Here) & 0x7_FFFF) << 5); // b.ne wait
        program.Set(1, Status).Add(0x3940_0023); // ldrb w3, [x1]
    }

    private static int FailureBranch(TestProgram program)
    {
        program.Add(0x3500_0003); // cbnz w3, …
        return program.Here - 1;
    }
}

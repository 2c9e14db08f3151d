using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>
/// Random loops with accesses that leave emitted code: at each of these NZCV and X0 to X30 are what the interpreter has there, although emitted code does not store
/// flags that only a fault would show, and several rounds of a loop are one unit.
/// </summary>
public sealed unsafe class StateAtAccessTests
{
    private const ulong CodeBase = 0x2000_0000;
    private const ulong InlinePage = FlatMachine.DataBase + 0x1000;
    private const int MostAccesses = 4000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EmittedCodeShowsTheInterpretersStateAtEveryAccess(bool hasLoadWindow)
    {
        long accesses = 0;
        foreach (int seed in FuzzSeeds.Count(60))
        {
            uint[] program = Make(new Random(seed));
            List<string> emitted = Run(program, seed, isEmitted: true, hasLoadWindow), interpreted = Run(program, seed, isEmitted: false);
            for (int i = 0; i < Math.Min(emitted.Count, interpreted.Count); i++)
            {
                if (emitted[i] != interpreted[i])
                    Assert.Fail($"seed {seed}, access {i}\nemitted code {emitted[i]}\ninterpreter  {interpreted[i]}\nprogram {string.Join(' ', program.Select(word => $"{word:x8}"))}");
            }

            Assert.Equal(interpreted.Count, emitted.Count);
            accesses += emitted.Count;
        }

        Assert.True(accesses > 1000, $"{accesses} accesses left emitted code");
    }

    /// <summary>State at each access outside the page that the inline TLB has, and at the end.</summary>
    private static List<string> Run(uint[] program, int seed, bool isEmitted, bool hasLoadWindow = false)
    {
        using FlatMachine machine = new(CodeBase, 0x1000);
        if (hasLoadWindow)
            machine.OpenLoadWindow(InlinePage, 0x1000);
        program.CopyTo(MemoryMarshal.Cast<byte, uint>(machine.Code));
        Random random = new(seed);
        random.NextBytes(machine.Data);
        GuestContext* context = machine.Context;
        for (int i = 0; i < 20; i++)
            context->X[i] = (ulong)random.NextInt64();

        // Bases in the page that is not in the inline TLB and near its end, so that loops cross into the one that is.
        for (int i = 20; i < 24; i++)
            context->X[i] = InlinePage - (ulong)random.Next(256);
        context->X[24] = (ulong)random.Next(8);
        context->X[28] = (ulong)random.Next(2, 20);
        context->Pc = CodeBase;
        List<string> states = [];
        var services = new ObservedServices(machine, Observe);
        TranslatorOptions options = new() { Verify = true, MaxSideExits = 3, MaxRounds = 4 };
        using IExecutor executor = isEmitted
            ? new JitExecutor(machine, services, new Translator(options), HostFeatures.Detect(), 1 << 20)
            : new InterpreterExecutor(machine, services, options);
        executor.Run(context);
        states.Add(State(context));
        return states;

        void Observe(ulong address, int size, int pageOffset)
        {
            bool isInline = address >= InlinePage && address + (ulong)size <= InlinePage + 0x1000;
            if (!isInline && states.Count < MostAccesses)
                states.Add($"+{pageOffset:x3} [{address:x}].{size} {State(context)}");
        }
    }

    private static string State(GuestContext* context)
    {
        var text = new System.Text.StringBuilder();
        text.Append($"nzcv {context->Nzcv:x8}");
        for (int i = 0; i < 31; i++)
            text.Append($" {context->X[i]:x}");
        return text.ToString();
    }

    /// <summary>A loop of up to fourteen instructions that X28 counts down, with ways out.</summary>
    private static uint[] Make(Random random)
    {
        int length = random.Next(2, 14);
        List<uint> program = [];
        for (int i = 0; i < length; i++)
            program.Add(Instruction(random, length + 2 - i));
        program.Add(0xF100_079C); // subs x28, x28, #1
        program.Add(0x5400_0000 | (((uint)-program.Count & 0x7_FFFF) << 5) | 1); // b.ne to the start
        return [.. program];
    }

    private static uint Instruction(Random random, int toEnd)
    {
        uint d = (uint)random.Next(16), n = (uint)random.Next(16), m = (uint)random.Next(16), address = (uint)random.Next(20, 24);
        uint registers = d | (n << 5) | (m << 16);
        return random.Next(16) switch
        {
            0 => 0xEB00_0000 | registers, // subs
            1 => 0x6B00_001F | (n << 5) | (m << 16), // cmp w
            2 => 0x7100_0400 | d | (n << 5), // subs w, w, #1
            3 => 0xF100_0400 | n | (n << 5), // subs x, x, #1, the same register
            4 => 0x6A00_0000 | registers, // ands w
            5 => 0xAB00_0000 | registers, // adds
            6 => 0x9A80_0000 | registers | ((uint)random.Next(14) << 12), // csel
            7 => 0x9100_0400 | 24 | (24 << 5), // add x24, x24, #1
            8 => 0xF840_8400 | d | (address << 5), // ldr x, [x20], #8
            9 => 0x3840_1C00 | d | (address << 5), // ldrb w, [x20, #1]!
            10 => 0xF800_8400 | d | (address << 5), // str x, [x20], #8
            11 => 0xF878_7800 | d | (address << 5), // ldr x, [x20, x24, lsl #3]
            12 => 0xB838_7800 | d | (address << 5), // str w, [x20, x24, lsl #2]
            13 => 0x5400_0000 | ((uint)toEnd << 5) | (uint)random.Next(14), // b.cond out
            14 => 0xB400_0000 | ((uint)toEnd << 5) | d, // cbz out
            _ => 0xFA40_0000 | (n << 5) | (m << 16) | ((uint)random.Next(14) << 12) | (uint)random.Next(16), // ccmp
        };
    }
}

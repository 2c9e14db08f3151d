using System.Runtime.InteropServices;
using System.Text;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Isa;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>Random floating-point programs over values near every boundary, emitted and interpreted: registers, flags and FPSR agree.</summary>
/// <remarks>How long, and from which seed: <see cref="FuzzSeeds"/>.</remarks>
[Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
public unsafe class FloatFuzzTests
{
    private const ulong CodeBase = 0x2000_0000;
    private const int ProgramWords = 6;
    private const int StatesPerProgram = 40;

    [Theory]
    [InlineData("")]
    [InlineData("avx512")]
    public void EmittedCodeEndsInTheInterpretersState(string without)
    {
        HostFeatures features = HostFeatures.Detect();
        if (without.Length != 0)
            features = features.Without(without);
        using FlatMachine emitted = new(CodeBase, 0x1000);
        using FlatMachine interpreted = new(CodeBase, 0x1000);
        TranslatorOptions options = new() { Features = FeatureSet.All };
        using JitExecutor jit = new(emitted, emitted, new Translator(options), features);
        using InterpreterExecutor interpreter = new(interpreted, interpreted, options);
        foreach (int seed in FuzzSeeds.Count(1500))
        {
            Random random = new(seed);
            uint[] words = MakeProgram(random, seed);
            uint fpcr = random.Next(3) == 0 ? (uint)random.Next(0, 4) << 22 : 0;
            // DN, FZ.
            fpcr |= (random.Next(8) == 0 ? 1u << 25 : 0) | (random.Next(3) == 0 ? 1u << 24 : 0);
            Place(emitted, jit, words);
            Place(interpreted, interpreter, words);
            for (int state = 0; state < StatesPerProgram; state++)
            {
                int stateSeed = random.Next();
                Start(emitted, jit, fpcr, stateSeed);
                Start(interpreted, interpreter, fpcr, stateSeed);
                if (Same(emitted.Context, interpreted.Context))
                    continue;
                Assert.Fail($"seed {seed} state {state} fpcr {fpcr:x}\n{Listing(words)}\n{Differences(emitted.Context, interpreted.Context)}");
            }
        }
    }

    private static uint[] MakeProgram(Random random, int seed)
    {
        A64WordGenerator generator = new((ulong)seed);
        uint[] words = new uint[ProgramWords];
        // Few registers, so that results are used again, in pinned and in other places.
        bool dense = random.Next(2) == 0;
        for (int i = 0; i < words.Length;)
        {
            if (random.Next(12) == 0)
            {
                words[i++] = StatusWord(random);
                continue;
            }

            A64Opcode opcode = (A64Opcode)random.Next(1, A64Opcodes.Count);
            if (!IsFloat(opcode) || !generator.TryNext(opcode, out uint word))
                continue;
            uint candidate = dense ? word & ~((3u << 3) | (3u << 8) | (3u << 19)) : word;
            words[i++] = A64Instruction.Decode(candidate).Opcode == opcode ? candidate : word;
        }

        return words;
    }

    /// <summary>What reads, writes or saturates into FPSR in the middle of it all.</summary>
    private static uint StatusWord(Random random)
    {
        uint register = (uint)random.Next(31);
        return random.Next(4) switch
        {
            0 => 0xD53B_4420 | register, // mrs x, fpsr
            1 => 0xD53B_4400 | register, // mrs x, fpcr
            2 => 0xD51B_4420 | register, // msr fpsr, x
            _ => 0x4EA0_0C00 | (register << 5) | (uint)random.Next(32) | ((uint)random.Next(32) << 16), // sqadd v.4s
        };
    }

    private static bool IsFloat(A64Opcode opcode) => A64Opcodes.Group(opcode) is
        (>= A64Group.FloatingPointFixedPoint and <= A64Group.FloatingPointThreeSource)
        or A64Group.SimdThreeSameFp or A64Group.SimdThreeSameFpScalar or A64Group.SimdTwoRegisterFp or A64Group.SimdTwoRegisterFpScalar
        or A64Group.SimdByElementFp or A64Group.ConditionalSelect;

    private static void Place(FlatMachine machine, IExecutor executor, uint[] words)
    {
        MemoryMarshal.Cast<byte, uint>(machine.Code).Fill(0xD420_0000);
        words.AsSpan().CopyTo(MemoryMarshal.Cast<byte, uint>(machine.Code));
        executor.Invalidate(CodeBase, 0x1000);
    }

    private static void Start(FlatMachine machine, IExecutor executor, uint fpcr, int seed)
    {
        GuestContext* context = machine.Context;
        Random random = new(seed);
        for (int r = 0; r < 32; r++)
        {
            context->X[r] = Integer(random);
            context->SetV(r, new Bits128(Half(random), random.Next(3) == 0 ? 0 : Half(random)));
        }

        context->Nzcv = ((uint)random.Next() << 1) & GuestFlags.All;
        machine.SetFpcr(fpcr);
        context->Pc = CodeBase;
        context->Poll = 0;
        machine.Fault = FlatFault.None;
        executor.FloatControlChanged(context);
        context->Fpsr = random.Next(2) == 0 ? 0x10u : 0;
        ExitReason reason = executor.Run(context);
        executor.SynchronizeFloatStatus(context);
        Assert.Equal(ExitReason.Breakpoint, reason);
    }

    private static ulong Integer(Random random) => random.Next(4) switch
    {
        0 => (ulong)random.NextInt64(),
        1 => (ulong)(long)random.Next(-5, 5),
        2 => 1UL << random.Next(64),
        _ => (ulong)random.NextInt64() << 1,
    };

    private static ulong Half(Random random) =>
        random.Next(2) == 0 ? Float64(random) : Float32(random) | (random.Next(3) == 0 ? 0 : Float32(random) << 32);

    /// <summary>Small numbers with fractions, halves, limits of integers, the smallest normals, infinities, NaNs, anything.</summary>
    private static ulong Float64(Random random)
    {
        ulong sign = random.Next(2) == 0 ? 1UL << 63 : 0;
        return sign ^ random.Next(14) switch
        {
            0 => 0UL,
            1 => 0x7FF0_0000_0000_0000,
            2 => 0x7FF8_0000_0000_0000UL | (uint)random.Next(),
            3 => 0x7FF0_0000_0000_0001,
            4 => 0x000F_FFFF_FFFF_FFFEUL + (uint)random.Next(5),
            5 => (ulong)random.NextInt64() & 0x7FFF_FFFF_FFFF_FFFF,
            6 => (ulong)BitConverter.DoubleToInt64Bits(Math.ScaleB(1, random.Next(30, 66)) + random.Next(-2, 2)),
            7 => (ulong)BitConverter.DoubleToInt64Bits(Math.ScaleB(1, random.Next(30, 34)) - 0.5),
            8 => (ulong)BitConverter.DoubleToInt64Bits(Math.ScaleB(1 + random.NextDouble(), random.Next(-520, -500))),
            9 => 0x7FEF_FFFF_FFFF_FFFF,
            // Times the number after the smallest normal: tiny before rounding, not after. The next: the same when narrowed to single.
            12 => 0x3FEF_FFFF_FFFF_FFFE,
            13 => 0x380F_FFFF_FFFF_FFFF - (ulong)random.Next(3),
            10 => (ulong)BitConverter.DoubleToInt64Bits(random.Next(-8, 8) / 2.0),
            _ => (ulong)BitConverter.DoubleToInt64Bits(random.NextDouble() * 100),
        };
    }

    private static ulong Float32(Random random)
    {
        uint sign = random.Next(2) == 0 ? 1u << 31 : 0;
        return sign ^ random.Next(15) switch
        {
            0 => 0u,
            1 => 0x7F80_0000,
            2 => 0x7FC0_0000 | (uint)random.Next(0x3F_FFFF),
            3 => 0x7F80_0001,
            4 => 0x007F_FFFE + (uint)random.Next(5),
            5 => (uint)random.Next(),
            6 => BitConverter.SingleToUInt32Bits((float)Math.ScaleB(1, random.Next(20, 66)) + random.Next(-2, 2)),
            7 => BitConverter.SingleToUInt32Bits((float)Math.ScaleB(1, random.Next(20, 34)) - 0.5f),
            8 => BitConverter.SingleToUInt32Bits((float)Math.ScaleB(1 + random.NextDouble(), random.Next(-65, -60))),
            9 => 0x7F7F_FFFF,
            12 => 0x3F7F_FFFE,
            13 => 0x0080_0001,
            // Rounds to the smallest normal half.
            14 => 0x387F_F000 + (uint)random.Next(0x1000),
            10 => BitConverter.SingleToUInt32Bits(random.Next(-8, 8) / 2f),
            _ => BitConverter.SingleToUInt32Bits(random.NextSingle() * 100),
        };
    }

    private static bool Same(GuestContext* a, GuestContext* b)
    {
        bool same = a->Pc == b->Pc && a->Nzcv == b->Nzcv && a->Fpsr == b->Fpsr;
        for (int r = 0; r < 32; r++)
            same &= a->X[r] == b->X[r] && a->GetV(r) == b->GetV(r);
        return same;
    }

    private static string Differences(GuestContext* emitted, GuestContext* expected)
    {
        StringBuilder text = new();
        text.AppendLine($"pc {emitted->Pc:x} {expected->Pc:x} nzcv {emitted->Nzcv:x8} {expected->Nzcv:x8} fpsr {emitted->Fpsr:x8} {expected->Fpsr:x8}");
        for (int r = 0; r < 32; r++)
        {
            if (emitted->X[r] != expected->X[r])
                text.AppendLine($"x{r} {emitted->X[r]:x16}, expected {expected->X[r]:x16}");
            if (emitted->GetV(r) != expected->GetV(r))
                text.AppendLine($"v{r} {emitted->GetV(r)}, expected {expected->GetV(r)}");
        }

        return text.ToString();
    }

    private static string Listing(uint[] words)
    {
        StringBuilder text = new();
        for (int i = 0; i < words.Length; i++)
            text.AppendLine($"{words[i]:x8} {A64Disassembler.Disassemble(words[i], CodeBase + ((ulong)i * 4))}");
        return text.ToString();
    }
}

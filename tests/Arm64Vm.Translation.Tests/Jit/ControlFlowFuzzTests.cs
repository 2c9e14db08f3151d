using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>Random programs of jumps, calls and returns over several pages, in a cache that evicts all the time and with code that changes, end as the interpreter's.</summary>
/// <remarks>How long, and from which seed: <see cref="FuzzSeeds"/>.</remarks>
[Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
public unsafe class ControlFlowFuzzTests
{
    internal const ulong CodeBase = 0x2000_0000;
    internal const int Pages = 4;
    private const int Words = Pages * 1024;

    /// <summary>The last words: where the countdown ends.</summary>
    private const int End = Words - 8;

    /// <summary>Blocks start at multiples of this many words, so that every target is a start.</summary>
    private const int BlockWords = 6;
    private const int Blocks = End / BlockWords;
    private const uint Brk = 0xD420_0000;
    private const int Rounds = 60;

    /// <summary>Stubs and constants, and chunks of 16 KiB.</summary>
    private const int CacheSize = 384 << 10;

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void EmittedCodeTakesTheInterpretersWay(int sideExits)
    {
        long programs = 0, evicted = 0, links = 0, invalidated = 0;
        foreach (int seed in FuzzSeeds.Count(20))
        {
            programs++;
            TranslationCacheStatistics statistics = Compare(seed, sideExits);
            evicted += statistics.Evicted;
            links += statistics.Links;
            invalidated += statistics.Invalidated;
        }

        Assert.True(evicted > programs, $"{evicted} units were evicted");
        Assert.True(links > programs * 100, $"{links} links were made");
        Assert.True(invalidated > programs, $"{invalidated} units were invalidated");
    }

    private static TranslationCacheStatistics Compare(int seed, int sideExits)
    {
        using FlatMachine emitted = new(CodeBase, Pages * 4096);
        using FlatMachine interpreted = new(CodeBase, Pages * 4096);
        TranslatorOptions options = new();
        using JitExecutor jit = new(emitted, emitted, new Translator(options with { MaxSideExits = sideExits, MaxRounds = 1 + sideExits }), HostFeatures.Detect(), CacheSize);
        using InterpreterExecutor interpreter = new(interpreted, interpreted, options);
        Random random = new(seed);
        Fill(Code(emitted), random);
        Code(emitted).CopyTo(Code(interpreted));
        for (int round = 0; round < Rounds; round++)
        {
            int start = random.Next();
            string left = Execute(emitted, jit, start);
            string right = Execute(interpreted, interpreter, start);
            if (left != right)
                Assert.Fail($"seed {seed} round {round}\nemitted code:\n{left}\ninterpreter:\n{right}");
            Change(random, emitted, jit, interpreted, interpreter);
        }

        return jit.Cache.Statistics;
    }

    internal static Span<uint> Code(FlatMachine machine) => MemoryMarshal.Cast<byte, uint>(machine.Code);

    internal static void Fill(Span<uint> code, Random random)
    {
        code.Fill(Brk);
        for (int block = 0; block < Blocks; block++)
            MakeBlock(code, block * BlockWords, random);
    }

    /// <summary>A countdown, some arithmetic, and a way on.</summary>
    private static void MakeBlock(Span<uint> code, int at, Random random)
    {
        code[at] = 0xD100_079C; // sub x28, x28, #1
        code[at + 1] = 0xB400_0000 | Offset19(at + 1, End) | 28;
        for (int i = 2; i < BlockWords - 1; i++)
            code[at + i] = Arithmetic(random);
        code[at + BlockWords - 1] = Way(at + BlockWords - 1, random);
    }

    /// <summary>ADD, SUBS, EOR, ANDS, ADCS, CSEL or SUB on X0–X15: flags live across blocks.</summary>
    private static uint Arithmetic(Random random)
    {
        uint registers = (uint)(random.Next(16) | (random.Next(16) << 5) | (random.Next(16) << 16));
        return registers | random.Next(7) switch
        {
            0 => 0x8B00_0000,
            1 => 0xEB00_0000,
            2 => 0xCA00_0000,
            3 => 0xEA00_0000,
            4 => 0xBA00_0000,
            5 => 0x9A80_0000 | ((uint)random.Next(16) << 12),
            _ => 0x4B00_0000,
        };
    }

    private static uint Way(int at, Random random)
    {
        int target = random.Next(4) != 0
            ? Math.Clamp((at / BlockWords) + random.Next(-6, 7), 0, Blocks - 1) * BlockWords
            : random.Next(Blocks) * BlockWords;
        uint pointer = (uint)random.Next(20, 28) << 5;
        return random.Next(12) switch
        {
            0 => 0x1400_0000 | Offset26(at, target),
            1 or 2 => 0x5400_0000 | Offset19(at, target) | (uint)random.Next(14),
            3 => 0xB400_0000 | Offset19(at, target) | (uint)random.Next(16),
            4 => 0x3500_0000 | Offset19(at, target) | (uint)random.Next(16),
            5 => 0x3600_0000 | Offset14(at, target) | (uint)random.Next(16),
            6 => 0xB700_0000 | Offset14(at, target) | (uint)random.Next(16),
            7 => 0x9400_0000 | Offset26(at, target),
            8 => 0xD63F_0000 | pointer,
            9 => 0xD61F_0000 | pointer,
            10 => 0xD65F_03C0,
            _ => Arithmetic(random),
        };
    }

    private static uint Offset26(int from, int to) => (uint)(to - from) & 0x03FF_FFFF;

    private static uint Offset19(int from, int to) => ((uint)(to - from) & 0x7_FFFF) << 5;

    private static uint Offset14(int from, int to) => ((uint)(to - from) & 0x3FFF) << 5;

    internal static string Execute(FlatMachine machine, IExecutor executor, int seed)
    {
        Random random = new(seed);
        GuestContext* context = machine.Context;
        for (int r = 0; r < 16; r++)
            context->X[r] = (ulong)random.NextInt64() << random.Next(2) >> random.Next(64);
        for (int r = 20; r < 28; r++)
            context->X[r] = CodeBase + ((ulong)random.Next(Blocks) * BlockWords * 4);
        context->X[28] = (ulong)random.Next(1, 6000);
        context->X[30] = CodeBase + ((ulong)random.Next(Blocks) * BlockWords * 4);
        context->Nzcv = (uint)random.Next(16) << 28;
        context->Pc = CodeBase + ((ulong)random.Next(Blocks) * BlockWords * 4);

        // Another mode is another translation of the same bytes.
        machine.SetFpcr((uint)random.Next(2) << 22);
        executor.FloatControlChanged(context);
        ExitReason reason = executor.Run(context);

        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{reason} pc {context->Pc:x} nzcv {context->Nzcv:x8}");
        for (int r = 0; r < 31; r++)
            text.AppendLine(CultureInfo.InvariantCulture, $"x{r} {context->X[r]:x}");
        return text.ToString();
    }

    /// <summary>Some blocks become others, at times a whole page of them.</summary>
    internal static void Change(Random random, FlatMachine emitted, IExecutor jit, FlatMachine interpreted, IExecutor interpreter)
    {
        int first = random.Next(Blocks);
        int count = random.Next(4) == 0 ? 1024 / BlockWords : random.Next(1, 4);
        int last = Math.Min(first + count, Blocks);
        for (int block = first; block < last; block++)
            MakeBlock(Code(emitted), block * BlockWords, random);
        Code(emitted).CopyTo(Code(interpreted));
        ulong address = CodeBase + ((ulong)first * BlockWords * 4);
        ulong length = (ulong)(last - first) * BlockWords * 4;
        jit.Invalidate(address, length);
        interpreter.Invalidate(address, length);
    }
}

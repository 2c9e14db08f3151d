using System.Runtime.InteropServices;
using System.Text;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Isa;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>Random straight-line programs end in the same state as emitted code and interpreted.</summary>
/// <remarks>How long, and from which seed: <see cref="FuzzSeeds"/>.</remarks>
[Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
public unsafe class DifferentialFuzzTests
{
    private const ulong CodeBase = 0x2000_0000;
    private const int ProgramWords = 24;

    /// <summary>Where base registers point: the middle of the data, so that most displacements stay inside.</summary>
    private const ulong Middle = FlatMachine.DataBase + 0x1000;

    /// <summary>With a window loads of most of the data, borders of pages included, go past the TLB.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EmittedCodeEndsInTheInterpretersState(bool hasLoadWindow) => Compare(MakeProgram, FuzzSeeds.Count(3000), hasLoadWindow);

    /// <summary>Loads and stores at small distances from two bases, which share probes of the TLB: beside, across and behind the border of the page that is reached inline.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AccessesOffOneBaseEndInTheInterpretersState(bool hasLoadWindow) => Compare(MakeAccesses, FuzzSeeds.Count(6000), hasLoadWindow);

    /// <summary>Products with common factors among additions with carry, as in arithmetic on big numbers: more values than the host has registers, and flags that live across.</summary>
    [Fact]
    public void ProductsAndCarriesEndInTheInterpretersState() => Compare(MakeProducts, FuzzSeeds.Count(4000));

    /// <summary>Programs with a store-exclusive of a pair whose status was computed in a register that the exchange needs.</summary>
    [Theory]
    [InlineData(93372)]
    [InlineData(201312)]
    public void TheStatusOfAnExclusivePairIsNotInARegisterOfTheExchange(int seed) => Compare(MakeProgram, [seed]);

    private static void Compare(Func<int, uint[]> make, IEnumerable<int> seeds, bool hasLoadWindow = false)
    {
        using FlatMachine emitted = new(CodeBase, 0x1000);
        if (hasLoadWindow)
            emitted.OpenLoadWindow(FlatMachine.DataBase + 0x400, 0x1800);
        using FlatMachine interpreted = new(CodeBase, 0x1000);
        TranslatorOptions options = new() { Features = FeatureSet.All };
        using JitExecutor jit = new(emitted, emitted, new Translator(options), HostFeatures.Detect());
        using InterpreterExecutor interpreter = new(interpreted, interpreted, options);
        foreach (int seed in seeds)
        {
            uint[] words = make(seed);
            string left = Execute(emitted, jit, words, seed);
            string right = Execute(interpreted, interpreter, words, seed);
            if (left != right)
                Assert.Fail($"seed {seed}\n{Listing(words)}\nemitted code:\n{left}\ninterpreter:\n{right}");
        }
    }

    private static uint[] MakeProgram(int seed)
    {
        Random random = new(seed);
        A64WordGenerator generator = new((ulong)seed);
        uint[] words = new uint[ProgramWords];
        for (int i = 0; i < words.Length;)
        {
            A64Opcode opcode = (A64Opcode)random.Next(1, A64Opcodes.Count);
            if (Leaves(A64Opcodes.Group(opcode)) || !generator.TryNext(opcode, out uint word))
                continue;
            words[i++] = word;
        }

        return words;
    }

    private static uint[] MakeAccesses(int seed)
    {
        Random random = new(seed);
        A64WordGenerator generator = new((ulong)seed);
        uint[] words = new uint[ProgramWords];
        for (int i = 0; i < words.Length;)
        {
            A64Opcode opcode = (A64Opcode)random.Next(1, A64Opcodes.Count);
            A64Group group = A64Opcodes.Group(opcode);
            bool isAccess = group
                is A64Group.LoadStoreUnscaled or A64Group.LoadStoreImmediate or A64Group.LoadStorePair
                or A64Group.SimdLoadStoreUnscaled or A64Group.SimdLoadStoreImmediate or A64Group.SimdLoadStorePair;
            bool isOther = group is A64Group.AddSubImmediate or A64Group.LogicalShifted or A64Group.AddSubCarry or A64Group.AtomicMemory or A64Group.ConditionalSelect;
            if (!isAccess && !(isOther && random.Next(8) == 0))
                continue;
            if (!generator.TryNext(opcode, out uint word))
                continue;
            words[i++] = isAccess ? WithBase(word, group is A64Group.LoadStorePair or A64Group.SimdLoadStorePair, random) : word;
        }

        return words;
    }

    private static uint[] MakeProducts(int seed)
    {
        Random random = new(seed);
        uint[] words = new uint[2 * ProgramWords];
        uint[] factors = [Register(random), Register(random), Register(random)];
        for (int i = 0; i < words.Length; i++)
        {
            uint d = Register(random);
            uint n = Register(random);
            uint m = random.Next(2) == 0 ? factors[random.Next(factors.Length)] : Register(random);
            if (random.Next(2) == 0)
                (n, m) = (m, n);
            words[i] = Arithmetic(random) | m << 16 | n << 5 | d;
            if (random.Next(16) == 0)
                words[i] = 0xF900_0380 | (uint)random.Next(4) << 10 | d; // STR Xd, [X28, #imm]
        }

        return words;
    }

    /// <summary>A register that the host has a register for, another one, or the zero register.</summary>
    private static uint Register(Random random) => (uint)(random.Next(12) switch { 0 => 31, < 5 => random.Next(0, 5), _ => random.Next(5, 22) });

    /// <summary>The word of an instruction on three registers whose numbers are left out.</summary>
    private static uint Arithmetic(Random random) => random.Next(16) switch
    {
        < 4 => 0x9B00_7C00, // MUL
        < 8 => 0x9BC0_7C00, // UMULH
        8 => 0xAB00_0000, // ADDS
        9 => 0xEB00_0000, // SUBS
        10 or 11 => 0xBA00_0000, // ADCS
        12 => random.Next(2) == 0 ? 0x9A00_0000 : 0x1A00_0000, // ADC
        13 => random.Next(2) == 0 ? 0xFA00_0000 : 0xDA00_0000, // SBCS, SBC
        14 => random.Next(2) == 0 ? 0x8B00_0000 : 0xCA00_0000, // ADD, EOR
        _ => random.Next(3) switch { 0 => 0x9B40_7C00, 1 => 0x9AC0_0800, _ => 0x1B00_7C00 }, // SMULH, UDIV, MUL of words
    };

    /// <summary>The access with X28 or X29 as its base and a small displacement.</summary>
    private static uint WithBase(uint word, bool pair, Random random)
    {
        word = (word & ~(31u << 5)) | ((uint)random.Next(28, 30) << 5);
        if (pair)
            return (word & ~(127u << 15)) | ((uint)random.Next(-6, 7) & 127) << 15;
        return (word >> 24 & 1) != 0
            ? (word & ~(0xFFFu << 10)) | (uint)random.Next(0, 10) << 10
            : (word & ~(0x1FFu << 12)) | ((uint)random.Next(-40, 40) & 0x1FF) << 12;
    }

    /// <summary>Groups whose instructions leave the program or depend on the processor around it.</summary>
    private static bool Leaves(A64Group group) => group is
        A64Group.ExceptionGeneration or A64Group.ExceptionReturn or A64Group.WaitWithTimeout or A64Group.Hint or A64Group.Barrier
        or A64Group.PStateMove or A64Group.SystemInstruction or A64Group.SystemRegisterMove
        or A64Group.UnconditionalBranchImmediate or A64Group.UnconditionalBranchRegister or A64Group.AuthenticatedBranch
        or A64Group.ConditionalBranch or A64Group.CompareBranch or A64Group.TestBranch;

    private static string Execute(FlatMachine machine, IExecutor executor, uint[] words, int seed)
    {
        GuestContext* context = machine.Context;
        Random random = new(seed);
        MemoryMarshal.Cast<byte, uint>(machine.Code).Fill(0xD420_0000);
        words.AsSpan().CopyTo(MemoryMarshal.Cast<byte, uint>(machine.Code));
        executor.Invalidate(CodeBase, 0x1000);
        random.NextBytes(machine.Data);
        for (int r = 0; r < 32; r++)
        {
            context->X[r] = random.Next(3) == 0 ? (ulong)random.NextInt64() : Middle + ((ulong)random.Next(0, 0x200) & ~15UL);
            context->SetV(r, new Bits128((ulong)random.NextInt64() << random.Next(2), (ulong)random.NextInt64()));
        }

        for (int r = 28; r < 30; r++)
            context->X[r] = FlatMachine.DataBase + (ulong)(0x1000 * random.Next(3)) + (ulong)(8 * random.Next(-24, 24));
        context->Nzcv = ((uint)random.Next() << 1) & GuestFlags.All;
        machine.SetFpcr(random.Next(4) == 0 ? (uint)random.Next(0, 64) << 19 & TranslationMode.FpcrMask : 0);
        context->Fpsr = 0;
        context->Pc = CodeBase;
        context->Poll = 0;
        context->Exclusive.Address = GuestContext.InvalidTag;
        machine.Fault = FlatFault.None;
        executor.FloatControlChanged(context);
        context->Fpsr = 0;
        ExitReason reason = executor.Run(context);
        executor.SynchronizeFloatStatus(context);
        return Describe(machine, reason);
    }

    private static string Describe(FlatMachine machine, ExitReason reason)
    {
        GuestContext* context = machine.Context;
        StringBuilder text = new();
        text.AppendLine($"{reason} {machine.Fault} pc {context->Pc:x} nzcv {context->Nzcv:x8} fpsr {context->Fpsr:x8}");
        for (int r = 0; r < 32; r++)
            text.AppendLine($"x{r} {context->X[r]:x16}  v{r} {context->GetV(r)}");
        ulong sum = 0;
        foreach (byte b in machine.Data)
            sum = (sum * 31) + b;
        return text.AppendLine($"data {sum:x}").ToString();
    }

    private static string Listing(uint[] words)
    {
        StringBuilder text = new();
        for (int i = 0; i < words.Length; i++)
            text.AppendLine($"{words[i]:x8} {A64Disassembler.Disassemble(words[i], CodeBase + ((ulong)i * 4))}");
        return text.ToString();
    }
}

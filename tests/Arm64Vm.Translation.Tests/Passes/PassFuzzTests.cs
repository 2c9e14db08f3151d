using System.Runtime.InteropServices;
using System.Text;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Isa;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Passes;

/// <summary>Random programs end, or fault, in the same state with and without the passes: every register and flag, at every fault.</summary>
/// <remarks>Half of the base registers point at nothing, so most programs fault somewhere. How long, and from which seed: <see cref="FuzzSeeds"/>.</remarks>
[Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
public unsafe class PassFuzzTests
{
    private const ulong CodeBase = 0x2000_0000;
    private const int ProgramWords = 20;

    private static readonly A64Group[] Frequent =
    [
        A64Group.AddSubImmediate, A64Group.AddSubShifted, A64Group.AddSubExtended, A64Group.AddSubCarry, A64Group.LogicalImmediate,
        A64Group.LogicalShifted, A64Group.MoveWide, A64Group.Bitfield, A64Group.ConditionalCompare, A64Group.ConditionalSelect,
        A64Group.LoadStoreUnscaled, A64Group.LoadStorePair, A64Group.PcRelative, A64Group.FlagManipulation, A64Group.SimdLogical,
    ];

    [Fact]
    public void PassesChangeNothingThatCanBeSeen()
    {
        using var plainMachine = new FlatMachine(CodeBase, 0x1000);
        using var optimizedMachine = new FlatMachine(CodeBase, 0x1000);
        var options = new TranslatorOptions { Features = FeatureSet.All, Verify = true };
        using var plain = new InterpreterExecutor(plainMachine, plainMachine, options with { Optimize = false });
        using var optimized = new InterpreterExecutor(optimizedMachine, optimizedMachine, options);
        using var longer = new InterpreterExecutor(optimizedMachine, optimizedMachine, options with { MaxSideExits = 4, MaxRounds = 4 });
        using var emitted = new JitExecutor(optimizedMachine, optimizedMachine, new Translator(options with { MaxSideExits = 4, MaxRounds = 4 }), HostFeatures.Detect());
        A64Opcode[] frequent = Enumerable.Range(1, A64Opcodes.Count - 1)
            .Select(number => (A64Opcode)number)
            .Where(opcode => Frequent.Contains(A64Opcodes.Group(opcode)))
            .ToArray();
        int faults = 0, programs = 0;
        foreach (int seed in FuzzSeeds.Count(20_000))
        {
            programs++;
            uint[] words = MakeProgram(seed, frequent);
            string expected = Execute(plainMachine, plain, words, seed);
            if (plainMachine.Fault != FlatFault.None)
                faults++;
            foreach (IExecutor executor in (ReadOnlySpan<IExecutor>)[optimized, longer, emitted])
            {
                string actual = Execute(optimizedMachine, executor, words, seed);
                if (expected != actual)
                    Assert.Fail($"seed {seed} {executor.GetType().Name}\n{Listing(words)}\nwithout passes:\n{expected}\nwith passes:\n{actual}");
            }
        }

        Assert.True(faults > programs / 10, $"only {faults} programs fault");
    }

    /// <summary>Few registers, so that values meet; forward branches of a few instructions, so that blocks have successors on the page.</summary>
    private static uint[] MakeProgram(int seed, A64Opcode[] frequent)
    {
        var random = new Random(seed);
        var generator = new A64WordGenerator((ulong)seed);
        uint[] words = new uint[ProgramWords];
        for (int n = 0; n < words.Length;)
        {
            if (random.Next(7) == 0)
            {
                words[n++] = 0x5400_0000 | ((uint)random.Next(1, 5) << 5) | (uint)random.Next(16);
                continue;
            }

            A64Opcode opcode = frequent[random.Next(frequent.Length)];
            if (!generator.TryNext(opcode, out uint word))
                continue;
            uint narrowed = word & ~0x0018_0318u;
            words[n++] = A64Decoder.Decode(narrowed) == opcode ? narrowed : word;
        }

        return words;
    }

    private static string Execute(FlatMachine machine, IExecutor executor, uint[] words, int seed)
    {
        GuestContext* context = machine.Context;
        var random = new Random(seed);
        MemoryMarshal.Cast<byte, uint>(machine.Code).Fill(0xD420_0000);
        words.AsSpan().CopyTo(MemoryMarshal.Cast<byte, uint>(machine.Code));
        executor.Invalidate(CodeBase, 0x1000);
        random.NextBytes(machine.Data);
        for (int r = 0; r < 32; r++)
        {
            context->X[r] = random.Next(2) == 0 ? (ulong)random.NextInt64() : FlatMachine.DataBase + (ulong)random.Next(0x800, 0x1800);
            context->SetV(r, new Bits128((ulong)random.NextInt64(), (ulong)random.NextInt64()));
        }

        context->Nzcv = ((uint)random.Next() << 1) & GuestFlags.All;
        machine.SetFpcr(0);
        context->Fpsr = 0;
        context->Pc = CodeBase;
        context->Poll = 0;
        machine.Fault = FlatFault.None;
        ExitReason reason = executor.Run(context);
        return Describe(machine, reason);
    }

    private static string Describe(FlatMachine machine, ExitReason reason)
    {
        GuestContext* context = machine.Context;
        var text = new StringBuilder();
        string fault = machine.Fault == FlatFault.None ? "" : $" {machine.Fault} at +{machine.FaultOffset:x}";
        text.AppendLine($"{reason}{fault} pc {context->Pc:x} nzcv {context->Nzcv:x8} fpsr {context->Fpsr:x8}");
        for (int r = 0; r < 32; r++)
            text.AppendLine($"x{r} {context->X[r]:x16}  v{r} {context->GetV(r)}");
        ulong sum = 0;
        foreach (byte b in machine.Data)
            sum = (sum * 31) + b;
        return text.AppendLine($"data {sum:x}").ToString();
    }

    private static string Listing(uint[] words)
    {
        var text = new StringBuilder();
        for (int i = 0; i < words.Length; i++)
            text.AppendLine($"{words[i]:x8} {A64Disassembler.Disassemble(words[i], CodeBase + ((ulong)i * 4))}");
        return text.ToString();
    }
}

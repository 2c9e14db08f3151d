using System.Numerics;
using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Integer;

/// <summary>FEAT_CSSC, of which the vectors have the immediate forms only: emitted and interpreted against the definitions, between a comparison and its use.</summary>
public sealed unsafe class CommonShortSequenceTests : IDisposable
{
    private const ulong CodeBase = 0x2000_0000;

    private static readonly ulong[] Values =
    [
        0, 1, 2, 0x7F, 0x80, 0xFFFF_FF80, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000,
        0xFFFF_FFFF_8000_0000, 0xFFFF_FFFF_FFFF_FF80, 0xFFFF_FFFF_FFFF_FFFF, 0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210,
    ];

    private readonly FlatMachine machine = new(CodeBase, 0x1000);
    private readonly TranslatorOptions options = new() { Features = FeatureSet.All, Verify = true };

    public static TheoryData<bool> Executors => [true, false];

    public void Dispose() => machine.Dispose();

    [Theory]
    [MemberData(nameof(Executors))]
    public void MinimumAndMaximumOfRegisters(bool emitted)
    {
        Check(emitted, 0x1AC2_6020, (a, b, bits) => Signed(a, bits) > Signed(b, bits) ? a : b);
        Check(emitted, 0x1AC2_6420, (a, b, _) => Math.Max(a, b));
        Check(emitted, 0x1AC2_6820, (a, b, bits) => Signed(a, bits) < Signed(b, bits) ? a : b);
        Check(emitted, 0x1AC2_6C20, (a, b, _) => Math.Min(a, b));
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void MinimumAndMaximumWithImmediates(bool emitted)
    {
        foreach (int immediate in (int[])[0, 1, 127, 128, 255])
        {
            uint field = (uint)immediate << 10;
            long signed = (sbyte)immediate;
            Check(emitted, 0x11C0_0020 | field, (a, _, bits) => (ulong)Math.Max(Signed(a, bits), signed));
            Check(emitted, 0x11C4_0020 | field, (a, _, _) => Math.Max(a, (ulong)immediate));
            Check(emitted, 0x11C8_0020 | field, (a, _, bits) => (ulong)Math.Min(Signed(a, bits), signed));
            Check(emitted, 0x11CC_0020 | field, (a, _, _) => Math.Min(a, (ulong)immediate));
        }
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void CountsAndAbsoluteValue(bool emitted)
    {
        Check(emitted, 0x5AC0_1820, (a, _, bits) => (ulong)(a == 0 ? bits : BitOperations.TrailingZeroCount(a)));
        Check(emitted, 0x5AC0_1C20, (a, _, _) => (ulong)BitOperations.PopCount(a));
        Check(emitted, 0x5AC0_2020, (a, _, bits) => Signed(a, bits) < 0 ? 0 - a : a);
    }

    private static long Signed(ulong value, int bits) => bits == 64 ? (long)value : (int)value;

    /// <summary>cmp x3, x4; the instruction on X1 and X2 (32 and 64 bits); cset x5, hi: the flags must be those of the comparison.</summary>
    private void Check(bool emitted, uint word, Func<ulong, ulong, int, ulong> definition)
    {
        uint[] program = [0xEB04_007F, word, 0x9A9F_97E5, 0xD420_0000, 0xEB04_007F, word | 0x8000_0000, 0x9A9F_97E5, 0xD420_0000];
        program.CopyTo(MemoryMarshal.Cast<byte, uint>(machine.Code));
        using IExecutor executor = emitted
            ? new JitExecutor(machine, machine, new Translator(options), HostFeatures.Detect())
            : new InterpreterExecutor(machine, machine, options);
        GuestContext* context = machine.Context;
        foreach (ulong a in Values)
        {
            foreach (ulong b in Values)
            {
                for (int wide = 0; wide < 2; wide++)
                {
                    bool higher = b > a;
                    context->X[0] = ulong.MaxValue;
                    context->X[1] = a;
                    context->X[2] = b;
                    context->X[3] = b;
                    context->X[4] = a;
                    context->Pc = CodeBase + ((ulong)wide * 16);
                    context->Poll = 0;
                    Assert.Equal(ExitReason.Breakpoint, executor.Run(context));
                    ulong expected = wide == 1 ? definition(a, b, 64) : (uint)definition((uint)a, (uint)b, 32);
                    Assert.True(context->X[0] == expected, $"{program[1 + (wide * 4)]:x8} of {a:x} and {b:x}: {context->X[0]:x}, not {expected:x}");
                    Assert.Equal(higher ? 1UL : 0, context->X[5]);
                    Assert.Equal(b == a, (context->Nzcv & 0x4000_0000u) != 0);
                }
            }
        }
    }
}

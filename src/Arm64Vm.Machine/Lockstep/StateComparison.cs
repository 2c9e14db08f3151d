using System.Globalization;
using Arm64Vm.Cpu;
using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Machine.Lockstep;

/// <summary>Compares what two processors hold.</summary>
/// <remarks>SAFETY: the processors stand still, and their contexts live as long as they do.</remarks>
internal static unsafe class StateComparison
{
    /// <summary>True where general, vector and floating-point registers, flags, PC and PSTATE are the same. Made to be called after every unit.</summary>
    public static bool AreEqual(Vcpu first, Vcpu second)
    {
        GuestContext* a = first.Context, b = second.Context;
        return new ReadOnlySpan<ulong>(a->X, 32).SequenceEqual(new ReadOnlySpan<ulong>(b->X, 32))
            && a->Pc == b->Pc && a->Fpcr == b->Fpcr && a->Fpsr == b->Fpsr
            && new ReadOnlySpan<ulong>(a->V, 64).SequenceEqual(new ReadOnlySpan<ulong>(b->V, 64))
            && new ReadOnlySpan<ulong>(a->Direct, (int)DirectRegister.Count).SequenceEqual(new ReadOnlySpan<ulong>(b->Direct, (int)DirectRegister.Count))
            && first.ProcessorState == second.ProcessorState;
    }

    /// <summary>Names every register that differs, system registers included.</summary>
    public static void Describe(Vcpu first, Vcpu second, List<LockstepDifference> differences)
    {
        VcpuState a = first.Save(), b = second.Save();
        for (var i = 0; i < 32; i++)
            Add(i == 31 ? "sp" : $"x{i}", a.X[i], b.X[i]);
        Add("pc", a.Pc, b.Pc);
        Add("pstate", a.ProcessorState, b.ProcessorState);
        Add("fpcr", a.Fpcr, b.Fpcr);
        Add("fpsr", a.Fpsr, b.Fpsr);
        for (var i = 0; i < 32; i++)
            Add($"v{i}", new UInt128(a.V[2 * i + 1], a.V[2 * i]), new UInt128(b.V[2 * i + 1], b.V[2 * i]));
        for (var i = 0; i < a.Direct.Length; i++)
            Add(((DirectRegister)i).ToString(), a.Direct[i], b.Direct[i]);
        for (var i = 0; i < a.SystemRegisters.Length; i++)
            Add(NameOf(a.SystemRegisters[i].Key), a.SystemRegisters[i].Value, b.SystemRegisters[i].Value);

        void Add(string name, UInt128 one, UInt128 other)
        {
            if (one != other)
                differences.Add(new LockstepDifference(name, one.ToString("x", CultureInfo.InvariantCulture), other.ToString("x", CultureInfo.InvariantCulture)));
        }
    }

    private static string NameOf(ushort encoding) => SystemRegisterNames.Name(encoding);
}

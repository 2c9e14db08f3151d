using System.Runtime.InteropServices;
using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Backend.Il.Tests;

/// <summary>Runs a region as compiled IL and on the interpreter, from the same state, each on a context of its own without mapped memory.</summary>
// SAFETY: the contexts are whole, owned here and freed in Dispose.
internal sealed unsafe class RegionHarness : IDisposable
{
    private readonly IlCompiler compiler = new();
    private readonly IrInterpreter interpreter = new(new NoServices());

    public RegionHarness()
    {
        Compiled = Allocate();
        Interpreted = Allocate();
        Unit = new IlUnit(new IlHost(new NoServices()));
    }

    public GuestContext* Compiled { get; }

    public GuestContext* Interpreted { get; }

    public IlUnit Unit { get; }

    /// <summary>Times that the code left floating point to the interpreter.</summary>
    public int RareExits { get; private set; }

    public static IlMode Mode(uint fpcr = 0) => new(ExceptionLevel: 0, MmuIndex: 0, AlignmentChecked: false, fpcr);

    public void Compile(IrRegion region, IlMode mode)
    {
        IrVerifier.Verify(region);
        IlCompilation compilation = compiler.Compile(region, mode);
        Unit.Publish(compilation, compilation.Bind(Unit));
    }

    /// <summary>Fills both contexts with the same random registers, vectors near the boundaries of every format among them.</summary>
    public void Randomize(Random random, uint fpcr, uint fpsr)
    {
        for (int r = 0; r < 31; r++)
            Compiled->X[r] = Interesting(random);
        for (int r = 0; r < 64; r++)
            Compiled->V[r] = Interesting(random);
        Compiled->Nzcv = (uint)random.Next(16) << 28;
        Compiled->Fpcr = fpcr;
        Compiled->Fpsr = fpsr;
        Buffer.MemoryCopy(Compiled, Interpreted, GuestContext.TlbOffset, GuestContext.TlbOffset);
    }

    /// <summary>The first difference between the contexts, or null.</summary>
    public string? Difference()
    {
        for (int r = 0; r < 32; r++)
        {
            if (Compiled->X[r] != Interpreted->X[r])
                return $"x{r} {Compiled->X[r]:x16}, interpreter {Interpreted->X[r]:x16}";
            if (Compiled->GetV(r) != Interpreted->GetV(r))
                return $"v{r} {Compiled->GetV(r)}, interpreter {Interpreted->GetV(r)}";
        }

        if (Compiled->Nzcv != Interpreted->Nzcv)
            return $"nzcv {Compiled->Nzcv:x8}, interpreter {Interpreted->Nzcv:x8}";
        return Compiled->Fpsr == Interpreted->Fpsr ? null : $"fpsr {Compiled->Fpsr:x8}, interpreter {Interpreted->Fpsr:x8}";
    }

    public string? RunBoth(IrRegion region)
    {
        IlUnit? next = Unit.Code!(Compiled);
        DeferredFlagsCode.Settle(Compiled);
        if (next is null && Compiled->Exit.Reason == IlExit.Rare)
        {
            // As the executor does; the region is one instruction.
            RareExits++;
            Compiled->Exit.Reason = (uint)interpreter.Run(region, Compiled);
        }

        ExitReason reason = interpreter.Run(region, Interpreted);
        if (next is not null || Compiled->Exit.Reason != (uint)reason)
            return $"left for {Compiled->Exit.Reason}, interpreter for {reason}";
        return Difference();
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Compiled);
        NativeMemory.AlignedFree(Interpreted);
    }

    private static ulong Interesting(Random random)
    {
        ulong value = (ulong)random.NextInt64() ^ ((ulong)random.NextInt64() << 1);
        return random.Next(10) switch
        {
            0 => 0,
            1 => value & 0x8000_0000_8000_8080,
            2 => (ulong)(long)random.Next(-3, 4),
            3 => BitConverter.DoubleToUInt64Bits(random.Next(-1000, 1000) / 8.0),
            4 => BitConverter.SingleToUInt32Bits(random.Next(-1000, 1000) / 8f) | ((ulong)BitConverter.SingleToUInt32Bits(random.Next(-9, 9)) << 32),
            5 => 0x7FF0_0000_7F80_7C00 ^ (value & 0x8000_0001_8000_8001),
            6 => 0x0010_0000_0080_0400 ^ (value & 0x8000_0001_8000_8001),
            7 => BitConverter.DoubleToUInt64Bits((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-1080, 1030))),
            8 => BitConverter.SingleToUInt32Bits((float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-152, 130)))) * 0x1_0000_0001UL,
            _ => value,
        };
    }

    private static GuestContext* Allocate()
    {
        GuestContext* context = (GuestContext*)NativeMemory.AlignedAlloc(GuestContext.TotalSize, 4096);
        NativeMemory.Clear(context, GuestContext.TotalSize);
        GuestContext.InitializeTlbs(context);
        return context;
    }
}

using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Il;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Benchmarks;

/// <summary>What executes a guest.</summary>
public enum GuestExecutor
{
    X64,
    Il,
    Interpreter,
}

/// <summary>A loop on the smallest processor there is: no MMU, no exceptions, BRK at its end.</summary>
internal sealed unsafe class FlatGuest : IDisposable
{
    public const ulong CodeBase = 0x2000_0000;

    private readonly FlatMachine machine = new(CodeBase, 2 * GuestCode.PageSize);
    private readonly IExecutor executor;

    public FlatGuest(GuestExecutor kind, params ReadOnlySpan<uint> words)
    {
        TranslatorOptions options = new();
        executor = kind switch
        {
            GuestExecutor.X64 => new JitExecutor(machine, machine, new Translator(options), HostFeatures.Detect(), 1 << 24),
            GuestExecutor.Il => new IlExecutor(machine, machine, options, IlOptions.Immediate),
            _ => new InterpreterExecutor(machine, machine, options),
        };
        words.CopyTo(MemoryMarshal.Cast<byte, uint>(machine.Code));
    }

    public GuestContext* Context => machine.Context;

    public IExecutor Executor => executor;

    public Span<uint> Code => MemoryMarshal.Cast<byte, uint>(machine.Code);

    /// <summary>Runs from the first word to the BRK.</summary>
    public void Run(ulong x0 = 0, ulong x1 = 0, ulong x2 = 0)
    {
        Context->X[0] = x0;
        Context->X[1] = x1;
        Context->X[2] = x2;
        Context->Pc = CodeBase;
        ExitReason reason = executor.Run(Context);
        if (reason != ExitReason.Breakpoint)
            throw new InvalidOperationException($"the guest ended with {reason}");
    }

    public void Dispose()
    {
        executor.Dispose();
        machine.Dispose();
    }
}

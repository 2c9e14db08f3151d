using Arm64Vm.Backend.X64.Emit;

namespace Arm64Vm.Backend.X64.Memory;

/// <summary>The host's time-stamp counter (Intel SDM vol. 3, 18.17). The runtime has no intrinsic for it, so the few instructions are our own.</summary>
internal sealed unsafe class TimestampCounter : IDisposable
{
    private readonly CodeBuffer _code;

    // SAFETY: code in _code, which lives as long as this object; follows the C calling convention and touches only rax and rdx.
    private readonly delegate* unmanaged[SuppressGCTransition]<ulong> _read;

    private TimestampCounter(CodeBuffer code)
    {
        _code = code;
        var emitter = new X64Emitter();
        emitter.Reset(code.Rw, code.Rx, (int)code.Size);
        emitter.Lfence();
        emitter.Rdtsc();
        emitter.Shift(ShiftOp.Shl, 8, Gpr.Rdx, 32);
        emitter.Alu(AluOp.Or, 8, Gpr.Rax, Gpr.Rdx);
        emitter.Ret();
        _read = (delegate* unmanaged[SuppressGCTransition]<ulong>)code.Rx;
    }

    /// <summary>The counter, or null where the host's is not constant in rate and equal on all processors, or code cannot be made.</summary>
    public static TimestampCounter? TryCreate(HostFeatures features)
    {
        if (!features.InvariantTsc)
            return null;
        try
        {
            return new TimestampCounter(CodeBuffer.Create(1));
        }
        catch (ExecutableMemoryException)
        {
            return null;
        }
    }

    /// <summary>The count now, ordered after earlier instructions.</summary>
    public ulong Read() => _read();

    public void Dispose() => _code.Dispose();
}

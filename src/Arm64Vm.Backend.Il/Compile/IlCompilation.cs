using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>A compiled region, to be bound to the unit it is entered by.</summary>
/// <param name="method">The method, complete.</param>
/// <param name="ilSize">Bytes of IL.</param>
/// <param name="jumps">Targets of direct jumps that leave the region.</param>
/// <param name="operations">Operations for the interpreter's semantics.</param>
internal sealed class IlCompilation(DynamicMethod method, int ilSize, int[] jumps, IrInst[] operations)
{
    public int[] Jumps { get; } = jumps;

    public IrInst[] Operations { get; } = operations;

    /// <summary>Bytes of IL.</summary>
    public int IlSize { get; } = ilSize;

    /// <summary>Has the runtime make machine code, on the calling thread.</summary>
    public IlCode Bind(IlUnit unit)
    {
        var code = method.CreateDelegate<IlCode>(unit);
        RuntimeHelpers.PrepareDelegate(code);
        return code;
    }
}

using System.Diagnostics;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Backend.Il;

/// <summary>A translation at one entry: its code once there is any, and what that code refers to. The first argument of the compiled method.</summary>
/// <remarks>
/// Everything but <see cref="Code"/> is set before it is published; a unit that is removed is forgotten, and the collector frees its method.
/// Fields, not properties, because compiled code reads them.
/// </remarks>
internal class IlUnit(IlHost host)
{
    /// <summary>The compiled region, or null while the unit is interpreted.</summary>
    public volatile IlCode? Code;

    /// <summary>What executes operations that need the processor.</summary>
    public readonly IlHost Host = host;

    /// <summary>By number of a direct jump: the unit it goes to, or null.</summary>
    public IlUnit?[] Targets = [];

    /// <summary>By number of a direct jump: for one that leaves the page, the virtual page and the name of the context for which the target holds (PcPage XOR ContextTag).</summary>
    public ulong[] Guards = [];

    /// <summary>Operations that are evaluated by the interpreter's semantics, by number.</summary>
    public IrInst[] Operations = [];

    /// <summary>FPSR bits of which one must be set for the code to be entered: IXC, or none where the careful form is always to be taken.</summary>
    public uint UsualStatus = FpsrBits.Inexact;

    /// <summary>The same code without assumptions about floating point, once it was needed.</summary>
    public volatile IlUnit? CarefulForm;

    /// <summary>Times the code left because of floating point.</summary>
    public uint RareExits;

    /// <summary>Not zero: the guest code has changed; loops inside the region leave at their next poll.</summary>
    public volatile uint Stale;

    /// <summary>Gives the unit its code. The parts that the code refers to come first.</summary>
    public void Publish(IlCompilation compilation, IlCode code)
    {
        Debug.Assert(Code is null, "the parts of code that runs are not exchanged");
        Targets = new IlUnit?[compilation.Jumps.Length];
        Guards = new ulong[compilation.Jumps.Length];
        Array.Fill(Guards, GuestContext.InvalidTag);
        Operations = compilation.Operations;
        Jumps = compilation.Jumps;
        Code = code;
    }

    /// <summary>Targets of the direct jumps that leave the region, as offsets from its page.</summary>
    public int[] Jumps { get; private set; } = [];
}

using System.Diagnostics.CodeAnalysis;
using System.Reflection.Emit;
using System.Text;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>Turns one IR region into the IL of a <see cref="DynamicMethod"/>, which the runtime's own compiler makes machine code of. One instance per compiling thread.</summary>
/// <remarks>
/// Guest registers that the region uses are in locals while it runs. Every write goes to the context as well, at the instruction that makes it,
/// so that the state is exact wherever the code leaves, without tables and without stores on the way out.
/// <code>
/// unit? Run(unit, context):
///     load registers that may be read before they are written
///     blocks, jumps between them; a poll where they go backward
///     slow paths of memory accesses, behind all blocks
/// </code>
/// </remarks>
[RequiresDynamicCode("Compiles IL at run time.")]
// SAFETY: names the type of a pointer to a context; follows none.
internal sealed unsafe partial class IlCompiler
{
    private readonly List<Action> cold = [];
    private readonly List<int> jumps = [];
    private readonly List<IrInst> operations = [];
    private readonly IlLabel[] blockLabels = new IlLabel[IrRegion.MaxBlocks];
    private readonly IlWriter il = new(null);
    private IrRegion region = null!;
    private IlMode mode;
    private IlLabel raised;
    private bool raisedIsUsed;
    private int current;

    /// <summary>Where the IL is written as text as well; without it nowhere.</summary>
    public StringBuilder Listing
    {
        init => il = new IlWriter(value);
    }

    /// <summary>Compiles a region whose values are defined before they are used and do not cross blocks (IrVerifier).</summary>
    public IlCompilation Compile(IrRegion source, IlMode compileMode)
    {
        var method = new DynamicMethod(
            "guest", typeof(IlUnit), [typeof(IlUnit), typeof(GuestContext*)], typeof(IlCompiler).Module, skipVisibility: true);
        // Every local is written before it is read.
        method.InitLocals = false;
        il.Begin(method);
        region = source;
        mode = compileMode;
        cold.Clear();
        jumps.Clear();
        operations.Clear();
        raised = il.DefineLabel();
        raisedIsUsed = false;
        ReadOnlySpan<IrBlock> blocks = source.Blocks;
        for (int i = 0; i < blocks.Length; i++)
            blockLabels[i] = il.DefineLabel();
        PrepareState();
        for (int i = 0; i < blocks.Length; i++)
            CompileBlock(blocks[i], i);
        EmitColdPaths();
        EmitRareExit();
        il.End();
        return new IlCompilation(method, il.Offset, [.. jumps], [.. operations]);
    }

    private void CompileBlock(in IrBlock block, int number)
    {
        il.MarkLabel(blockLabels[number]);
        PrepareValues(block);
        mustReturn = false;
        if (mode.CountsInstructions)
            CountInstructions(block);
        Span<IrInst> instructions = region.Instructions;
        for (int i = block.First; i < block.End; i++)
        {
            current = i;
            ref IrInst inst = ref instructions[i];
            if (IrOps.HasEffect(inst.Op) || values[i].LastUse != 0)
                CompileInstruction(ref inst);
            ReleaseOperands(inst);
        }
    }

    private void CompileInstruction(ref IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.Const or IrOp.Second:
                break;
            case >= IrOp.GetX and <= IrOp.PcPage:
                CompileState(inst);
                break;
            case >= IrOp.Add and <= IrOp.Crc32:
                CompileInteger(inst);
                break;
            case >= IrOp.AddS and <= IrOp.FlagsFromNzcv:
                CompileFlags(inst);
                break;
            case >= IrOp.Load and <= IrOp.Barrier:
                CompileMemory(inst);
                break;
            case IrOp.Count:
                CompileCount(inst);
                break;
            case >= IrOp.ReadSystem and <= IrOp.PointerAuth:
                CompileSystem(inst);
                break;
            case >= IrOp.LeaveCond and <= IrOp.LeaveBitSet:
                CompileSideExit(inst);
                break;
            case >= IrOp.Jump and <= IrOp.ExitAfter:
                CompileTerminator(inst);
                break;
            default:
                CompileSemantics(inst);
                break;
        }
    }

    private void EmitColdPaths()
    {
        // A cold path may add none.
        foreach (Action path in cold)
            path();
        if (!raisedIsUsed)
            return;
        il.MarkLabel(raised);
        il.Emit(OpCodes.Ldarg_1);
        Call(Methods.Raised);
        il.Emit(OpCodes.Ret);
    }

    /// <summary>The guest instructions of the block, which lie one behind the other.</summary>
    private void CountInstructions(in IrBlock block) =>
        AddToField(GuestContext.InstructionsOffset, (region[block.End - 1].Pc + 4 - block.GuestOffset) / 4);

    private void CompileCount(in IrInst inst)
    {
        int offset = GuestContext.EventsOffset + (inst.Aux * sizeof(ulong));
        if (inst.Imm != 0)
            AddToField(offset, (long)inst.Imm);
        if (inst.A == 0)
            return;
        PushField(offset);
        il.Emit(OpCodes.Dup);
        il.Emit(OpCodes.Ldind_I8);
        Push(inst.A);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stind_I8);
    }

    /// <summary>Pushes the address of a field of the context.</summary>
    private void PushField(int offset)
    {
        il.Emit(OpCodes.Ldarg_1);
        if (offset == 0)
            return;
        il.Emit(OpCodes.Ldc_I4, offset);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Add);
    }

    private void Call(System.Reflection.MethodInfo method) => il.Emit(OpCodes.Call, method);
}

using System.Reflection.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>Guest registers: a local for each one the region uses, and the context. Flags are in the context only.</summary>
internal sealed partial class IlCompiler
{
    /// <summary>32 general and 32 vector registers.</summary>
    private const int Registers = 64;

    private readonly IlLocal?[] registers = new IlLocal?[Registers];
    private readonly List<int> aliases = [];
    private readonly ulong[] readFirst = new ulong[IrRegion.MaxBlocks];
    private readonly ulong[] written = new ulong[IrRegion.MaxBlocks];
    private readonly ulong[] liveIn = new ulong[IrRegion.MaxBlocks];

    private static int RegisterOf(in IrInst inst) => inst.Op switch
    {
        IrOp.GetX or IrOp.SetX => inst.Aux,
        IrOp.GetV or IrOp.SetV => 32 + inst.Aux,
        _ => -1,
    };

    private static int OffsetOf(int register) =>
        register < 32 ? GuestContext.XOffset + (register * 8) : GuestContext.VOffset + ((register - 32) * 16);

    /// <summary>Declares locals for the registers in use, and loads those that some path reads before it writes them.</summary>
    private void PrepareState()
    {
        PrepareReturns();
        PrepareForms();
        EmitFloatGuard();
        freeLocals.Clear();
        Array.Clear(registers);
        ulong used = 0;
        ReadOnlySpan<IrBlock> blocks = region.Blocks;
        for (int b = 0; b < blocks.Length; b++)
        {
            ulong reads = 0, writes = 0;
            for (int i = blocks[b].First; i < blocks[b].End; i++)
            {
                ref IrInst inst = ref region[i];
                int register = RegisterOf(inst);
                if (register < 0)
                    continue;
                ulong bit = 1UL << register;
                used |= bit;
                if (IrOps.IsStateWrite(inst.Op))
                    writes |= bit;
                else if ((writes & bit) == 0)
                    reads |= bit;
            }

            readFirst[b] = reads;
            written[b] = writes;
        }

        ulong loaded = LiveAtEntry(blocks);
        for (int register = 0; register < Registers; register++)
        {
            ulong bit = 1UL << register;
            if ((used & bit) == 0)
                continue;
            registers[register] = il.DeclareLocal(register < 32 ? typeof(ulong) : TypeOf(registerForms[register - 32]));
            if ((loaded & bit) != 0)
                Reload(register);
        }
    }

    private ulong LiveAtEntry(ReadOnlySpan<IrBlock> blocks)
    {
        Array.Clear(liveIn, 0, blocks.Length);
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int b = blocks.Length - 1; b >= 0; b--)
            {
                ref IrInst last = ref region[blocks[b].End - 1];
                ulong live = 0;
                if (last.Op is >= IrOp.Jump and <= IrOp.Call)
                {
                    live = LiveAt(blocks, (int)last.Imm);
                    if (last.Op is not (IrOp.Jump or IrOp.Call))
                        live |= LiveAt(blocks, (int)(last.Imm >> 32));
                }
                else if (last.Op == IrOp.Return)
                {
                    foreach (int site in returnSites)
                        live |= LiveAt(blocks, site);
                }

                live = (live & ~written[b]) | readFirst[b] | LiveAtSideExits(blocks, blocks[b]);
                changed |= live != liveIn[b];
                liveIn[b] = live;
            }
        }

        return liveIn[0];
    }

    /// <summary>Not all writes of the block come before an exit, so none is counted.</summary>
    private ulong LiveAtSideExits(ReadOnlySpan<IrBlock> blocks, in IrBlock block)
    {
        ulong live = 0;
        for (int i = block.First; i < block.End; i++)
        {
            if (IrOps.IsSideExit(region[i].Op))
                live |= LiveAt(blocks, new SideExit(region[i].Imm).Target);
        }

        return live;
    }

    private ulong LiveAt(ReadOnlySpan<IrBlock> blocks, int target)
    {
        int block = FindBlock(blocks, target);
        return block < 0 ? 0 : liveIn[block];
    }

    private static int FindBlock(ReadOnlySpan<IrBlock> blocks, int target)
    {
        for (int i = 0; i < blocks.Length; i++)
        {
            if (blocks[i].GuestOffset == target)
                return i;
        }

        return -1;
    }

    /// <summary>Loads a register from the context.</summary>
    private void Reload(int register)
    {
        PushField(OffsetOf(register));
        if (register < 32)
            il.Emit(OpCodes.Ldind_I8);
        else
            LoadForm(registerForms[register - 32]);
        il.Emit(OpCodes.Stloc, registers[register]!);
    }

    private void LoadForm(Form form)
    {
        if (form == Form.Vector)
            il.Emit(OpCodes.Ldobj, Methods.Vector);
        else
            il.Emit(form == Form.Double ? OpCodes.Ldind_R8 : OpCodes.Ldind_R4);
    }

    private void CompileState(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.PcPage:
                PushField(GuestContext.PcPageOffset);
                il.Emit(OpCodes.Ldind_I8);
                StoreResult();
                break;
            case IrOp.GetFlags:
                LoadFlags();
                break;
            case IrOp.SetFlags:
                StoreFlags(inst.A);
                break;
            case IrOp.GetX or IrOp.GetV:
                values[current].Alias = 1;
                aliases.Add(current);
                break;
            default:
                Write(inst);
                break;
        }
    }

    private IlLocal AliasLocal(in IrInst inst) => registers[RegisterOf(inst)]!;

    private void Write(in IrInst inst)
    {
        int register = RegisterOf(inst);
        SaveAliases(register);
        IlLocal local = registers[register]!;
        PushField(OffsetOf(register));
        Form form = register >= 32 ? registerForms[register - 32] : Form.Vector;
        if (register < 32)
            PushWide(inst.A);
        else if (form != Form.Vector)
            PushScalar(inst.A, form);
        else
            Push(inst.A);
        il.Emit(OpCodes.Dup);
        il.Emit(OpCodes.Stloc, local);
        Widen(form);
        if (register < 32)
            il.Emit(OpCodes.Stind_I8);
        else
            il.Emit(OpCodes.Stobj, Methods.Vector);
    }

    /// <summary>The register is about to change: values read from it that are needed later get locals of their own.</summary>
    private void SaveAliases(int register)
    {
        for (int n = aliases.Count - 1; n >= 0; n--)
        {
            int value = aliases[n];
            ref ValueState state = ref values[value];
            if (state.LastUse <= current)
            {
                // The operand of the write itself is read before the register changes.
                if (state.LastUse < current)
                    aliases.RemoveAt(n);
                continue;
            }

            if (RegisterOf(region[value]) != register)
                continue;
            il.Emit(OpCodes.Ldloc, registers[register]!);
            state.Local = TakeLocal(LocalTypeOf(value));
            state.Alias = 0;
            il.Emit(OpCodes.Stloc, state.Local);
            aliases.RemoveAt(n);
        }
    }
}

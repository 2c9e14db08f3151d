namespace Arm64Vm.Ir.Passes;

/// <summary>
/// Backward pass: drops writes of guest state that are overwritten before anyone can see them, and computations without a use; then closes the gaps.
/// Flag-setting operations whose flags nobody wants become plain ones. Memory operations always stay.
/// </summary>
/// <remarks>
/// State is seen by every operation that can raise an exception or leave: memory and system operations, side exits and the end of the block, on request
/// floating-point operations. Flags that only side exits see are stored by these, flags that some do not see behind those; on request, flags that only plain accesses see are left to the
/// accesses' slow paths, which compute them again (operand D). The one
/// liberty: flags that all successors overwrite before they read them or can fault (<c>flagsDeadAtEnd</c>) are dropped although an interrupt
/// or a debugger may look at them between blocks; the program cannot tell, since each of these returns to code that overwrites them.
/// </remarks>
internal sealed class DeadCodeElimination
{
    private bool[] used = [];

    /// <summary>Side exits and accesses behind the place being looked at that need flags which what lies behind them overwrites.</summary>
    private readonly ushort[] wanting = new ushort[64];
    private int wantingCount;
    private bool accessesWant;
    private bool floatsLeave;
    private bool accessesStore;
    private ushort[] renamed = [];

    /// <param name="region">A verified region.</param>
    /// <param name="flagsDeadAtEnd">Bit n: NZCV is not observable behind block n.</param>
    /// <param name="floatsSee">Floating-point operations see guest state.</param>
    /// <param name="accessesStoreFlags">Slow paths of plain accesses store flags that can be computed again.</param>
    public void Run(IrRegion region, ulong flagsDeadAtEnd, bool floatsSee = false, bool accessesStoreFlags = false)
    {
        floatsLeave = floatsSee;
        accessesStore = accessesStoreFlags;
        Span<IrInst> code = region.Instructions;
        Scratch.Reserve(ref used, code.Length);
        Scratch.Reserve(ref renamed, code.Length);
        used.AsSpan(0, code.Length).Clear();
        ReadOnlySpan<IrBlock> blocks = region.Blocks;
        for (int n = blocks.Length - 1; n >= 0; n--)
            Mark(code, blocks[n].First, blocks[n].End, ((flagsDeadAtEnd >> n) & 1) != 0);
        Compact(region);
    }

    private void Mark(Span<IrInst> code, int first, int end, bool flagsDead)
    {
        uint deadX = 0, deadV = 0;
        ForgetWanting();
        for (int index = end - 1; index >= first; index--)
        {
            ref IrInst i = ref code[index];
            switch (i.Op)
            {
                case IrOp.GetX:
                    if (used[index])
                        deadX &= ~(1u << i.Aux);
                    else
                        i.Op = IrOp.None;
                    continue;
                case IrOp.SetX:
                    if ((deadX & (1u << i.Aux)) != 0)
                    {
                        i.Op = IrOp.None;
                        continue;
                    }

                    deadX |= 1u << i.Aux;
                    break;
                case IrOp.GetV:
                    if (used[index])
                        deadV &= ~(1u << i.Aux);
                    else
                        i.Op = IrOp.None;
                    continue;
                case IrOp.SetV:
                    if ((deadV & (1u << i.Aux)) != 0)
                    {
                        i.Op = IrOp.None;
                        continue;
                    }

                    deadV |= 1u << i.Aux;
                    break;
                case IrOp.GetFlags:
                    if (used[index])
                        KeepFlags(ref flagsDead);
                    else
                        i.Op = IrOp.None;
                    continue;
                case IrOp.SetFlags:
                    if (flagsDead && (!accessesWant || CanBeComputedAgain(code, i.A)))
                    {
                        StoreWhereWanted(code, i.A);
                        i.Op = IrOp.None;
                        continue;
                    }

                    flagsDead = true;
                    ForgetWanting();
                    used[i.A] = true;
                    SinkBehindExits(code, index);
                    continue;
                case IrOp.Second:
                    break;
                case >= IrOp.AddS and <= IrOp.AndNotS:
                    if (code[index + 1].Op != IrOp.FlagsOf)
                    {
                        if (!used[index])
                        {
                            i.Op = IrOp.None;
                            continue;
                        }

                        i.Op = Plain(i.Op);
                    }

                    break;
                default:
                    if (i.Op is >= IrOp.Load and <= IrOp.PointerAuth)
                    {
                        if (i.Op is IrOp.ClearExclusive or IrOp.Barrier or IrOp.Count)
                            break;
                        deadX = 0;
                        deadV = 0;
                        if (!accessesStore || !IsPlainAccess(i))
                            KeepFlags(ref flagsDead);
                        else if (flagsDead && TryWant(index))
                            accessesWant = true;
                        else
                            flagsDead = false;
                    }
                    else if (IrOps.IsSideExit(i.Op))
                    {
                        deadX = 0;
                        deadV = 0;
                        if (flagsDead && !new SideExit(i.Imm).FlagsAreDead && !TryWant(index))
                            flagsDead = false;
                    }
                    else if (!used[index] && !IrOps.HasEffect(i.Op))
                    {
                        i.Op = IrOp.None;
                        continue;
                    }

                    if (floatsLeave && i.Op > IrOp.FloatJavaScriptFlags)
                    {
                        deadX = 0;
                        deadV = 0;
                        KeepFlags(ref flagsDead);
                    }

                    break;
            }

            used[i.A] = true;
            used[i.B] = true;
            used[i.C] = true;
            used[i.D] = true;
        }
    }

    /// <summary>Something sees the stored flags: they must be up to date, also for the side exits behind.</summary>
    private void KeepFlags(ref bool flagsDead)
    {
        flagsDead = false;
        ForgetWanting();
    }

    private void ForgetWanting()
    {
        wantingCount = 0;
        accessesWant = false;
    }

    /// <summary>Those whose slow paths the compiler can add to. Stores with release semantics are exchanges.</summary>
    internal static bool IsPlainAccess(in IrInst i) => i.Op switch
    {
        IrOp.Load or IrOp.LoadPair => true,
        IrOp.Store or IrOp.StorePair => ((MemoryFlags)i.Aux & MemoryFlags.Release) == 0,
        _ => false,
    };

    /// <summary>Flags of a comparison or a test: the operands say it all.</summary>
    private static bool CanBeComputedAgain(ReadOnlySpan<IrInst> code, ushort flags) =>
        code[flags].Op == IrOp.FlagsOf && code[code[flags].A].Op is IrOp.SubS or IrOp.AndS;

    /// <summary>A side exit or an access is to store the flags itself; false where there are too many,
    /// so that they must be stored before.</summary>
    private bool TryWant(int exit)
    {
        if (wantingCount == wanting.Length)
        {
            ForgetWanting();
            return false;
        }

        wanting[wantingCount++] = (ushort)exit;
        return true;
    }

    /// <summary>The flags of a write that is dropped go to the side exits and accesses that still need them.</summary>
    private void StoreWhereWanted(Span<IrInst> code, ushort flags)
    {
        for (int n = 0; n < wantingCount; n++)
        {
            ref IrInst i = ref code[wanting[n]];
            if (IrOps.IsSideExit(i.Op))
                i.B = flags;
            else
                i.D = flags;
        }

        if (wantingCount != 0)
            used[flags] = true;
        ForgetWanting();
    }

    /// <summary>A write of flags moves behind the side exits that test them and lead to where they are overwritten: who leaves there need not store them.</summary>
    private static void SinkBehindExits(Span<IrInst> code, int write)
    {
        for (; code[write + 1].Op == IrOp.LeaveCond && code[write + 1].A == code[write].A && new SideExit(code[write + 1].Imm).FlagsAreDead; write++)
            (code[write], code[write + 1]) = (code[write + 1], code[write]);
    }

    private static IrOp Plain(IrOp op) => op switch
    {
        IrOp.AddS => IrOp.Add,
        IrOp.SubS => IrOp.Sub,
        IrOp.AndS => IrOp.And,
        _ => IrOp.AndNot,
    };

    private void Compact(IrRegion region)
    {
        Span<IrInst> code = region.Instructions;
        int write = 1;
        foreach (ref IrBlock block in region.MutableBlocks)
        {
            int first = write;
            for (int read = block.First; read < block.End; read++)
            {
                ref IrInst i = ref code[read];
                if (i.Op == IrOp.None)
                    continue;
                renamed[read] = (ushort)write;
                ref IrInst moved = ref code[write];
                if (write != read)
                    moved = i;
                moved.A = renamed[moved.A];
                moved.B = renamed[moved.B];
                moved.C = renamed[moved.C];
                moved.D = renamed[moved.D];
                write++;
            }

            block.First = (ushort)first;
            block.End = (ushort)write;
        }

        region.Count = write;
    }
}

using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Plain loads and stores: by a probe of their own, or through the window of their group (<see cref="ProbeWindows"/>).</summary>
/// <remarks>
/// <code>
/// first of a group                          others                      cold, for both
///   lea   w, [base + low]                     test  w, w                  lea   rax, [base + distance]
///   rorx  eax, w, 8                           jz    cold                  call  probe of one access
///   and   eax, (entries − 1) * 16             mov   d, [w + d − low]      jmp   found
///   sub   w, [r15 + rax + tag]                                            record for the slow exit
///   cmp   w, 4096 − (high − low)                                        found:
///   ja    cold                                                            mov   d, [rax]
///   add   w, [r15 + rax + host]                                           jmp   back, w = 0
///   mov   d, [w + d − low]
/// </code>
/// A window is zero after its group's probe failed and after any slow exit of the unit, which may have changed mappings: then each access
/// probes for itself, so that a group across two pages costs little.
/// </remarks>
internal sealed partial class X64Compiler
{
    /// <summary>Address and window of the access in progress.</summary>
    private AddressSource accessAddress;
    private long accessDisplacement;

    /// <summary>First half of a plain access; registers for results are defined between this and <see cref="EndAccess"/>. Returns the access's group, or <see cref="RangeAccess"/>.</summary>
    private int BeginAccess(in IrInst inst)
    {
        int group = windows.GroupOf(current);
        bool isLast = group != 0 && windows.NextOf(current) == 0;
        bool isNear = (long)inst.Imm == (int)inst.Imm;
        if (group == 0 || !isNear || (isLast && windows[group].Register == HostAbi.None))
        {
            if (!isNear || inst.Op is not (IrOp.Load or IrOp.LoadPair) || !UsesLoadWindow((MemoryFlags)inst.Aux))
            {
                BeginProbe(inst.A, (long)inst.Imm);
                return 0;
            }

            group = RangeAccess;
        }

        ClobberFlags();
        accessAddress = AddressFrom(inst.A);
        accessDisplacement = (long)inst.Imm;
        return group;
    }

    /// <summary>Second half: the probe, the access, and its cold path.</summary>
    private void EndAccess(int group, in SlowDescriptor access, bool aligned, MemoryFlags flags, int immediate = 0)
    {
        bool write = access.Kind is SlowKind.Store or SlowKind.StorePair;
        bool pair = access.Kind is SlowKind.LoadPair or SlowKind.StorePair;
        int bytes = pair ? access.Size * 2 : access.Size;
        if (group == 0)
        {
            Gpr page = EndProbeAsSum(bytes, access.Size, aligned, write, flags);
            EmitAccess(access, Mem.Index(page, Gpr.Rax, 1), Mem.Index(page, Gpr.Rax, 1, access.Size), immediate);
            AddColdAccess(access, immediate);
            staleFlags = 0;
            return;
        }

        if (group == RangeAccess)
        {
            EmitRangeLoad(access, flags, bytes);
            staleFlags = 0;
            return;
        }

        ref ProbeWindows.Group window = ref windows[group];
        Label cold = emit.NewLabel();
        int distance = windows.DistanceOf(current);
        bool first = window.Register == HostAbi.None;
        if (first)
            OpenWindow(ref window, flags, distance, cold);
        lockedGpr |= 1u << window.Register;
        Gpr register = (Gpr)window.Register;
        if (!first)
        {
            emit.Test(8, register, register);
            emit.Jcc(Cc.E, cold);
        }

        EmitAccess(access, register, (int)(distance - window.Low), immediate);
        window.NextUse = windows.NextOf(current);
        if (window.NextUse == 0)
        {
            window.Register = HostAbi.None;
            gprOwner[(int)register] = 0;
        }

        AddColdWindow(cold, access, immediate, first ? register : Gpr.Rax, stubs.Probe(MmuIndexOf(flags), write, bytes));
        staleFlags = 0;
    }

    /// <summary>Probes for a whole group; afterwards the window's register is the host address of its lowest byte.</summary>
    private void OpenWindow(ref ProbeWindows.Group window, MemoryFlags flags, int distance, Label cold)
    {
        Gpr register = AllocateGpr();
        gprOwner[(int)register] = WindowOwner;
        window.Register = (byte)register;
        int table = GuestContext.TlbTable(MmuIndexOf(flags), window.Writes) - HostAbi.ContextBias;
        accessAddress.Emit(emit, register, accessDisplacement + window.Low - distance);
        if (!window.Writes && UsesLoadWindow(flags))
        {
            EmitRangeOpening(register, cold);
            return;
        }

        emit.Rorx(4, Gpr.Rax, register, 8);
        emit.Alu(AluOp.And, 4, Gpr.Rax, (GuestContext.TlbEntries - 1) * GuestContext.TlbEntrySize);
        emit.Alu(AluOp.Sub, 8, register, Mem.Index(HostAbi.Context, Gpr.Rax, 1, table));
        emit.Alu(AluOp.Cmp, 8, register, 4096 - (int)(window.High - window.Low));
        emit.Jcc(Cc.A, cold);
        emit.Alu(AluOp.Add, 8, register, Mem.Index(HostAbi.Context, Gpr.Rax, 1, table + 8));
    }

    /// <summary>The access itself, at host address <paramref name="address"/> + <paramref name="displacement"/>.</summary>
    private void EmitAccess(in SlowDescriptor access, Gpr address, int displacement, int immediate) =>
        EmitAccess(access, Mem.Base(address, displacement), Mem.Base(address, displacement + access.Size), immediate);

    private void EmitAccess(in SlowDescriptor access, in Mem first, in Mem other, int immediate)
    {
        bool second = access.Kind is SlowKind.LoadPair or SlowKind.StorePair;
        if (access.Kind is SlowKind.Load or SlowKind.LoadPair)
        {
            EmitLoadOne(access, access.Destination, first);
            if (second)
                EmitLoadOne(access, access.Destination2, other);
            return;
        }

        EmitStoreOne(access, access.Source, first, immediate);
        if (second)
            EmitStoreOne(access, access.Source2, other, 0);
    }

    private void EmitLoadOne(in SlowDescriptor access, byte destination, Mem memory)
    {
        if (access.Type == IrType.V128)
            LoadVector(access.Size, (Xmm)destination, memory);
        else if (((MemoryFlags)access.Aux & MemoryFlags.SignExtend) != 0)
            emit.Movsx(access.Type == IrType.I64 ? 8 : 4, access.Size, (Gpr)destination, memory);
        else if (access.Size >= 4)
            emit.Mov(access.Size, (Gpr)destination, memory);
        else
            emit.Movzx(access.Size, (Gpr)destination, memory);
    }

    private void EmitStoreOne(in SlowDescriptor access, byte source, Mem memory, int immediate)
    {
        if (source == SlowDescriptor.NoRegister)
            emit.MovImm(access.Size, memory, immediate);
        else if (access.Type == IrType.V128)
            StoreVector(access.Size, memory, (Xmm)source);
        else
            emit.Mov(access.Size, memory, (Gpr)source);
    }

    private void LoadVector(int size, Xmm d, Mem memory)
    {
        switch (size)
        {
            case 16:
                emit.Vex(V.Movdqu, d, memory);
                break;
            case 8:
                emit.Vmovq(d, memory);
                break;
            case 4:
                emit.Vmovd(d, memory);
                break;
            default:
                emit.Movzx(size, Gpr.Rax, memory);
                emit.Vmovd(d, Gpr.Rax);
                break;
        }
    }

    private void StoreVector(int size, Mem memory, Xmm s)
    {
        switch (size)
        {
            case 16:
                emit.VexStore(V.Movdqu, memory, s);
                break;
            case 8:
                emit.Vmovq(memory, s);
                break;
            case 4:
                emit.Vmovd(memory, s);
                break;
            case 2:
                emit.Vpextrw(memory, s, 0);
                break;
            default:
                emit.Vpextrb(memory, s, 0);
                break;
        }
    }
}

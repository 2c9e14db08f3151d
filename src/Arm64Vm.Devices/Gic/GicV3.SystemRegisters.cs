using System.Numerics;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic;

internal sealed partial class GicV3
{
    // op0 = 3, op1 = 0 for all; the constants are CRn:CRm:op2 (IHI 0069, 12.1.4).
    private const int Pmr = (4 << 7) | (6 << 3) | 0;
    private const int Iar0 = (12 << 7) | (8 << 3) | 0;
    private const int Eoir0 = (12 << 7) | (8 << 3) | 1;
    private const int Hppir0 = (12 << 7) | (8 << 3) | 2;
    private const int Bpr0 = (12 << 7) | (8 << 3) | 3;
    private const int Ap0r0 = (12 << 7) | (8 << 3) | 4;
    private const int Ap1r0 = (12 << 7) | (9 << 3) | 0;
    private const int Dir = (12 << 7) | (11 << 3) | 1;
    private const int Rpr = (12 << 7) | (11 << 3) | 3;
    private const int Sgi1r = (12 << 7) | (11 << 3) | 5;
    private const int Asgi1r = (12 << 7) | (11 << 3) | 6;
    private const int Sgi0r = (12 << 7) | (11 << 3) | 7;
    private const int Iar1 = (12 << 7) | (12 << 3) | 0;
    private const int Eoir1 = (12 << 7) | (12 << 3) | 1;
    private const int Hppir1 = (12 << 7) | (12 << 3) | 2;
    private const int Bpr1 = (12 << 7) | (12 << 3) | 3;
    private const int Ctlr = (12 << 7) | (12 << 3) | 4;
    private const int Sre = (12 << 7) | (12 << 3) | 5;
    private const int Igrpen0 = (12 << 7) | (12 << 3) | 6;
    private const int Igrpen1 = (12 << 7) | (12 << 3) | 7;

    /// <summary>System registers on, IRQ and FIQ bypass off: fixed.</summary>
    private const ulong SystemRegisterEnable = 7;

    /// <summary>Five priority bits, 16 bits of INTID, Aff3 valid.</summary>
    private const ulong ControlFixed = (4UL << 8) | (1UL << 15);
    private const int IdMask = 0xFF_FFFF;

    /// <summary>INTID of the first LPI.</summary>
    public const int FirstLpi = 8192;

    public bool Owns(SystemRegister register) =>
        register is { Op0: 3, Op1: 0 } && (register.CRn == 12 && register.CRm is 8 or 9 or 11 or 12 || (register.Encoding & 0x7FF) == Pmr);

    public bool TryReadRegister(int cpu, int el, SystemRegister register, out ulong value)
    {
        value = 0;
        if (el == 0)
            return false;
        CpuInterface face = Interfaces[cpu];
        switch (register.Encoding & 0x7FF)
        {
            case Pmr: value = face.PriorityMask; return true;
            case Iar0: value = (ulong)Acknowledge(cpu, group0: true, group1: false); return true;
            case Iar1: value = (ulong)Acknowledge(cpu, group0: false, group1: true); return true;
            case Hppir0: value = (ulong)HighestPending(cpu, group1: false); return true;
            case Hppir1: value = (ulong)HighestPending(cpu, group1: true); return true;
            case Bpr0: value = face.BinaryPoint0; return true;
            case Bpr1: value = face.CommonBinaryPoint ? (ulong)Math.Min(face.BinaryPoint0 + 1, 7) : face.BinaryPoint1; return true;
            case Ap0r0: value = face.ActivePriorities0; return true;
            case Ap1r0: value = face.ActivePriorities1; return true;
            case Rpr: value = face.RunningPriority; return true;
            case Ctlr: value = ControlFixed | (face.CommonBinaryPoint ? 1UL : 0) | (face.SplitEnd ? 2UL : 0); return true;
            case Sre: value = SystemRegisterEnable; return true;
            case Igrpen0: value = face.Enable0 ? 1UL : 0; return true;
            case Igrpen1: value = face.Enable1 ? 1UL : 0; return true;
            default: return false;
        }
    }

    /// <remarks>The processor's own thread: what the write changes for it is driven before this returns.</remarks>
    public bool TryWriteRegister(int cpu, int el, SystemRegister register, ulong value)
    {
        if (el == 0)
            return false;
        CpuInterface face = Interfaces[cpu];
        switch (register.Encoding & 0x7FF)
        {
            case Pmr: face.PriorityMask = (byte)(value & InterruptBank.PriorityMask); break;
            case Eoir0: End(cpu, (int)(value & IdMask), group1: false); break;
            case Eoir1: End(cpu, (int)(value & IdMask), group1: true); break;
            case Dir: DeactivateSplit(cpu, (int)(value & IdMask)); break;
            case Bpr0: face.BinaryPoint0 = Math.Max((byte)(value & 7), CpuInterface.MinimumBinaryPoint0); break;
            case Bpr1 when face.CommonBinaryPoint: break;
            case Bpr1: face.BinaryPoint1 = Math.Max((byte)(value & 7), CpuInterface.MinimumBinaryPoint1); break;
            case Ap0r0: face.ActivePriorities0 = (uint)value; break;
            case Ap1r0: face.ActivePriorities1 = (uint)value; break;
            case Sgi0r: Generate(cpu, value, group1: false); return true;
            case Sgi1r or Asgi1r: Generate(cpu, value, group1: true); return true;
            case Ctlr:
                face.CommonBinaryPoint = (value & 1) != 0;
                face.SplitEnd = (value & 2) != 0;
                break;
            case Sre: return true;
            case Igrpen0: face.Enable0 = (value & 1) != 0; break;
            case Igrpen1: face.Enable1 = (value & 1) != 0; break;
            default: return false;
        }

        Drive(cpu);
        return true;
    }

    /// <inheritdoc/>
    public void ResetProcessor(int cpu)
    {
        Interfaces[cpu].Reset();
        Drive(cpu);
    }

    private int HighestPending(int cpu, bool group1)
    {
        CpuInterface face = Interfaces[cpu];
        Drive(cpu);
        return face.PendingId != CpuInterface.Spurious && face.PendingIsGroup1 == group1 ? face.PendingId : CpuInterface.Spurious;
    }

    private void End(int cpu, int id, bool group1)
    {
        // Special numbers 1020 to 1023 end nothing; LPIs have only a priority to drop.
        if (id >= FirstSpi + SpiCount && (id < FirstLpi || Lpis is null))
            return;
        CpuInterface face = Interfaces[cpu];
        face.DropPriority(group1);
        if (!face.SplitEnd)
            Deactivate(cpu, id);
    }

    private void DeactivateSplit(int cpu, int id)
    {
        if (Interfaces[cpu].SplitEnd)
            Deactivate(cpu, id);
        else
            LogMisuse($"cpu{cpu} writes ICC_DIR_EL1 with EOImode 0");
    }

    /// <summary>Software-generated interrupts: to all others (IRM), or to a list of 16 processors of one cluster. Only targets are touched.</summary>
    private void Generate(int cpu, ulong value, bool group1)
    {
        int id = (int)(value >> 24) & 15;
        if (((value >> 40) & 1) != 0)
        {
            for (int target = 0; target < Processors; target++)
            {
                if (target != cpu)
                    Generate(target, id, group1);
            }

            return;
        }

        ulong cluster = ((value >> 16) & 0xFF) << 8 | ((value >> 32) & 0xFF) << 16 | ((value >> 48) & 0xFF) << 32;
        if (!_clusters.TryGetValue(cluster, out int[]? places))
            return;
        int range = (int)(value >> 44) & 15;
        for (uint list = (ushort)value; list != 0; list &= list - 1)
        {
            int target = places[(range * 16) + BitOperations.TrailingZeroCount(list)];
            if (target >= 0)
                Generate(target, id, group1);
        }
    }

    /// <summary>Only an interrupt of the group that was asked for is generated (IHI 0069, 12.2.20). One that is pending already has been told of.</summary>
    private void Generate(int target, int id, bool group1)
    {
        InterruptBank bank = Private[target];
        if (bank.IsGroup1(id) == group1 && bank.SetPending(0, 1u << id) && bank.IsEnabled(id))
            Attend(target);
    }
}

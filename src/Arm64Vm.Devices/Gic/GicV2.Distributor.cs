using System.Numerics;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic;

internal sealed partial class GicV2
{
    private const uint Identification = 0x43B;

    private uint ReadControl() => (ForwardGroup0 ? 1u : 0) | (ForwardGroup1 ? 2u : 0);

    private void WriteControl(uint value)
    {
        ForwardGroup0 = (value & 1) != 0;
        ForwardGroup1 = (value & 2) != 0;
    }

    /// <summary>Makes an SGI pending at a processor, remembering who asked.</summary>
    private void AddSource(int target, int id, int source)
    {
        Interlocked.Or(ref _controls[target].Sources[id], 1u << source);
        if (Private[target].SetPending(0, 1u << id) && Private[target].IsEnabled(id))
            Attend(target);
    }

    /// <summary>GICD_*, with the first 32 interrupts banked by processor.</summary>
    private sealed class DistributorFrame(GicV2 gic) : IMmioDevice
    {
        private const ulong Size = 0x1000;
        private const ulong Targets = 0x800;
        private const ulong TargetsEnd = Targets + FirstSpi + SpiCount;
        private const ulong SoftwareInterrupt = 0xF00;
        private const ulong ClearSgi = 0xF10;
        private const ulong SetSgi = 0xF20;

        public bool TryRead(ulong offset, int size, out ulong value)
        {
            value = 0;
            if (offset >= Size || size == 8 || (offset & (ulong)(size - 1)) != 0)
                return false;
            uint word = ReadWord(offset & ~3UL) >> ((int)(offset & 3) * 8);
            value = size switch { 1 => (byte)word, 2 => (ushort)word, _ => word };
            return true;
        }

        public bool TryWrite(ulong offset, int size, ulong value)
        {
            if (offset >= Size || size == 8 || (offset & (ulong)(size - 1)) != 0)
                return false;
            if (size == 4)
                WriteWord(offset, (uint)value);
            else if (size == 1)
                WriteByte(offset, (byte)value);
            else
                gic.LogMisuse($"{size}-byte write at distributor offset {offset:x}");
            return true;
        }

        private void WritePrivate(ulong offset, uint value)
        {
            int processor = gic.Current;
            gic.AttendPrivate(processor, BankRegisters.Write(gic.Private[processor], 0, offset, value));
        }

        private uint ReadWord(ulong offset)
        {
            switch (offset)
            {
                case 0x0:
                    return gic.ReadControl();
                case 0x4:
                    return ((FirstSpi + SpiCount) / 32 - 1) | (uint)(gic.Processors - 1) << 5;
                case 0x8:
                    return Identification;
                case >= Targets and < TargetsEnd:
                    return ReadTargets(offset);
                case >= ClearSgi and < SetSgi + 16:
                    ReadOnlySpan<uint> sources = gic._controls[gic.Current].Sources.AsSpan((int)(offset & 0xC), 4);
                    return sources[0] | (sources[1] << 8) | (sources[2] << 16) | (sources[3] << 24);
                case >= 0xFD0:
                    return ReadIdentification(offset);
                case >= BankRegisters.First and <= BankRegisters.Last:
                    return BankRegisters.Read(gic.Private[gic.Current], 0, offset) | BankRegisters.Read(gic.Shared, FirstSpi, offset);
                default:
                    return 0;
            }
        }

        private void WriteWord(ulong offset, uint value)
        {
            switch (offset)
            {
                case 0x0:
                    gic.WriteControl(value);
                    gic.AttendAll();
                    break;
                case >= Targets and < TargetsEnd:
                case >= ClearSgi and < SetSgi + 16:
                    for (int i = 0; i < 4; i++)
                        WriteByte(offset + (ulong)i, (byte)(value >> (i * 8)));
                    break;
                case SoftwareInterrupt:
                    Generate(value);
                    break;
                case 0x200 or 0x280:
                    // The pending bits of SGIs are read-only here: each has sources of its own (IHI 0048, 4.3.7).
                    WritePrivate(offset, value & 0xFFFF_0000);
                    break;
                case >= BankRegisters.First and <= BankRegisters.Last:
                    WritePrivate(offset, value);
                    gic.AttendShared(BankRegisters.Write(gic.Shared, FirstSpi, offset, value));
                    break;
                default:
                    break;
            }
        }

        private void WriteByte(ulong offset, byte value)
        {
            if (BankRegisters.IsPriority(offset))
            {
                int processor = gic.Current;
                gic.AttendPrivate(processor, BankRegisters.WriteBytePriority(gic.Private[processor], 0, offset, value));
                gic.AttendShared(BankRegisters.WriteBytePriority(gic.Shared, FirstSpi, offset, value));
            }
            else if (offset is >= Targets + FirstSpi and < TargetsEnd)
            {
                gic.SetTargets((int)(offset - Targets - FirstSpi), (byte)(value & ((1 << gic.Processors) - 1)));
            }
            else if (offset is >= ClearSgi and < ClearSgi + 16)
            {
                int id = (int)(offset - ClearSgi);
                int processor = gic.Current;
                if ((Interlocked.And(ref gic._controls[processor].Sources[id], ~(uint)value) & ~(uint)value) == 0)
                {
                    gic.Private[processor].ClearPending(0, 1u << id);
                    gic.Drive(processor);
                }
            }
            else if (offset is >= SetSgi and < SetSgi + 16)
            {
                for (int source = 0; source < gic.Processors; source++)
                {
                    if (((value >> source) & 1) != 0)
                        gic.AddSource(gic.Current, (int)(offset - SetSgi), source);
                }
            }
        }

        /// <summary>Private interrupts name the processor that reads; with one processor all is zero.</summary>
        private uint ReadTargets(ulong offset)
        {
            if (gic.Processors == 1)
                return 0;
            uint value = 0;
            for (int i = 3; i >= 0; i--)
            {
                int id = (int)(offset - Targets) + i;
                value = (value << 8) | (id < FirstSpi ? 1u << gic.Current : gic._targets[id - FirstSpi]);
            }

            return value;
        }

        /// <summary>GICD_SGIR: filter 25:24, list 23:16, INTID 3:0.</summary>
        private void Generate(uint value)
        {
            int source = gic.Current;
            uint all = (1u << gic.Processors) - 1;
            uint list = ((value >> 24) & 3) switch
            {
                0 => (value >> 16) & all,
                1 => all & ~(1u << source),
                2 => 1u << source,
                _ => 0,
            };
            for (; list != 0; list &= list - 1)
                gic.AddSource(BitOperations.TrailingZeroCount(list), (int)(value & 15), source);
        }

        private static uint ReadIdentification(ulong offset)
        {
            ReadOnlySpan<byte> values = [0x04, 0, 0, 0, 0x90, 0xB4, 0x2B, 0, 0x0D, 0xF0, 0x05, 0xB1];
            return values[(int)(offset - 0xFD0) / 4];
        }
    }
}

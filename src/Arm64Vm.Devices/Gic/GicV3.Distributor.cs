using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic;

internal sealed partial class GicV3
{
    private const uint Identification = 0x43B;
    private const uint ControlGroup0 = 1;
    private const uint ControlGroup1 = 2;
    private const uint ControlAffinityRouting = 1u << 4;
    private const uint ControlSecurityDisabled = 1u << 6;
    private const byte DistributorPart = 0x92;
    private const byte RedistributorPart = 0x93;

    /// <summary>ITLinesNumber 8 (288 INTIDs), 16 bits of INTID, Aff3 valid, no 1-of-N.</summary>
    private const uint DistributorType = ((FirstSpi + SpiCount) / 32 - 1) | (0xFu << 19) | (1u << 24) | (1u << 25);

    private uint ReadControl() =>
        (ForwardGroup0 ? ControlGroup0 : 0) | (ForwardGroup1 ? ControlGroup1 : 0) | ControlAffinityRouting | ControlSecurityDisabled;

    private void WriteControl(uint value)
    {
        ForwardGroup0 = (value & ControlGroup0) != 0;
        ForwardGroup1 = (value & ControlGroup1) != 0;
    }

    /// <summary>PIDR4 at 0xFFD0 to CIDR3 at 0xFFFC; PIDR2 names architecture 3.</summary>
    private static uint ReadIdentification(ulong offset, byte part)
    {
        ReadOnlySpan<byte> values = [0x44, 0, 0, 0, 0, 0xB4, 0x3B, 0, 0x0D, 0xF0, 0x05, 0xB1];
        int index = (int)(offset - 0xFFD0) / 4;
        return index == 4 ? part : values[index];
    }

    /// <summary>GICD_*.</summary>
    private sealed class DistributorFrame(GicV3 gic) : IMmioDevice
    {
        private const ulong Size = 0x1_0000;
        private const ulong Routes = 0x6000;
        private const ulong RoutesEnd = Routes + (8 * (FirstSpi + SpiCount));

        public bool TryRead(ulong offset, int size, out ulong value)
        {
            value = 0;
            if (offset >= Size || (offset & (ulong)(size - 1)) != 0)
                return false;
            if (size == 1)
            {
                value = BankRegisters.IsPriority(offset)
                    ? BankRegisters.ReadPriority(gic.Shared, FirstSpi, offset)
                    : (byte)(ReadWord(offset & ~3UL) >> ((int)(offset & 3) * 8));
                return true;
            }

            if (size == 2)
            {
                value = (ushort)(ReadWord(offset & ~3UL) >> ((int)(offset & 2) * 8));
                return true;
            }

            value = ReadWord(offset);
            if (size == 8)
                value |= (ulong)ReadWord(offset + 4) << 32;
            return true;
        }

        public bool TryWrite(ulong offset, int size, ulong value)
        {
            if (offset >= Size || (offset & (ulong)(size - 1)) != 0)
                return false;
            switch (size)
            {
                case 1 when BankRegisters.IsPriority(offset):
                    gic.AttendShared(BankRegisters.WriteBytePriority(gic.Shared, FirstSpi, offset, (byte)value));
                    break;
                case 4:
                    WriteWord(offset, (uint)value);
                    break;
                case 8 when offset is >= Routes and < RoutesEnd:
                    WriteRoute(offset, value, ulong.MaxValue);
                    break;
                case 8:
                    WriteWord(offset, (uint)value);
                    WriteWord(offset + 4, (uint)(value >> 32));
                    break;
                default:
                    gic.LogMisuse($"{size}-byte write at distributor offset {offset:x}");
                    break;
            }

            return true;
        }

        private uint ReadWord(ulong offset) => offset switch
        {
            0x0 => gic.ReadControl(),
            0x4 => DistributorType | (gic.Lpis is null ? 0 : 1u << 17),
            0x8 => Identification,
            >= BankRegisters.First and <= BankRegisters.Last => BankRegisters.Read(gic.Shared, FirstSpi, offset),
            >= Routes and < RoutesEnd => ReadRoute(offset),
            >= 0xFFD0 => ReadIdentification(offset, DistributorPart),
            _ => 0,
        };

        private void WriteWord(ulong offset, uint value)
        {
            switch (offset)
            {
                case 0x0:
                    gic.WriteControl(value);
                    gic.AttendAll();
                    break;
                case >= BankRegisters.First and <= BankRegisters.Last:
                    gic.AttendShared(BankRegisters.Write(gic.Shared, FirstSpi, offset, value));
                    break;
                case >= Routes and < RoutesEnd:
                    WriteRoute(offset & ~7UL, (ulong)value << ((int)(offset & 4) * 8), 0xFFFF_FFFFUL << ((int)(offset & 4) * 8));
                    break;
                default:
                    break;
            }
        }

        private uint ReadRoute(ulong offset)
        {
            int index = (int)((offset - Routes) / 8) - FirstSpi;
            return index < 0 ? 0 : (uint)(gic._routes[index] >> ((offset & 4) != 0 ? 32 : 0));
        }

        private void WriteRoute(ulong offset, ulong value, ulong mask)
        {
            int index = (int)((offset - Routes) / 8) - FirstSpi;
            if (index >= 0)
                gic.SetRoute(index, (gic._routes[index] & ~mask) | (value & mask));
        }
    }
}

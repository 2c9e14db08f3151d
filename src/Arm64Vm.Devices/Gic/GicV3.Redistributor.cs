using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic;

internal sealed partial class GicV3
{
    /// <summary>GICR_*: for each processor a control frame and a frame for its private interrupts.</summary>
    private sealed class RedistributorFrames(GicV3 gic) : IMmioDevice
    {
        private const ulong Stride = 0x2_0000;
        private const ulong PrivateFrame = 0x1_0000;
        private const ulong Waker = 0x14;

        public bool TryRead(ulong offset, int size, out ulong value)
        {
            value = 0;
            if (!TryFind(offset, size, out int processor, out ulong inside))
                return false;
            if (size < 4)
            {
                int shift = (int)(inside & 3) * 8;
                value = (ReadWord(processor, inside & ~3UL) >> shift) & (size == 1 ? 0xFFu : 0xFFFFu);
                return true;
            }

            value = ReadWord(processor, inside);
            if (size == 8)
                value |= (ulong)ReadWord(processor, inside + 4) << 32;
            return true;
        }

        public bool TryWrite(ulong offset, int size, ulong value)
        {
            if (!TryFind(offset, size, out int processor, out ulong inside))
                return false;
            if (size == 1 && inside >= PrivateFrame && BankRegisters.IsPriority(inside - PrivateFrame))
            {
                gic.AttendPrivate(processor, BankRegisters.WriteBytePriority(gic.Private[processor], 0, inside - PrivateFrame, (byte)value));
            }
            else if (size >= 4)
            {
                WriteWord(processor, inside, (uint)value);
                if (size == 8)
                    WriteWord(processor, inside + 4, (uint)(value >> 32));
            }
            else
            {
                gic.LogMisuse($"{size}-byte write at redistributor offset {inside:x}");
            }

            return true;
        }

        private bool TryFind(ulong offset, int size, out int processor, out ulong inside)
        {
            processor = (int)Math.Min(offset / Stride, int.MaxValue);
            inside = offset % Stride;
            return processor < gic.Processors && (offset & (ulong)(size - 1)) == 0;
        }

        private uint ReadWord(int processor, ulong offset)
        {
            if (offset >= PrivateFrame)
            {
                ulong inside = offset - PrivateFrame;
                return inside switch
                {
                    >= BankRegisters.First and <= BankRegisters.Last => BankRegisters.Read(gic.Private[processor], 0, inside),
                    >= 0xFFD0 => ReadIdentification(inside, RedistributorPart),
                    _ => 0,
                };
            }

            return offset switch
            {
                0x4 => Identification,
                0x8 => ((uint)processor << 8) | (processor == gic.Processors - 1 ? 1u << 4 : 0) | (gic.Lpis is null ? 0 : 1u),
                0xC => Affinity32(gic._affinities[processor]),
                Waker => gic._wakers[processor],
                _ when IsOfLpis(offset) => gic.Lpis?.ReadRegister(processor, offset) ?? 0,
                >= 0xFFD0 => ReadIdentification(offset, RedistributorPart),
                _ => 0,
            };
        }

        private void WriteWord(int processor, ulong offset, uint value)
        {
            if (offset is >= PrivateFrame + BankRegisters.First and <= PrivateFrame + BankRegisters.Last)
            {
                gic.AttendPrivate(processor, BankRegisters.Write(gic.Private[processor], 0, offset - PrivateFrame, value));
            }
            else if (IsOfLpis(offset))
            {
                gic.Lpis?.WriteRegister(processor, offset, value);
            }
            else if (offset == Waker)
            {
                // ChildrenAsleep follows ProcessorSleep at once.
                gic._wakers[processor] = (value & 2) != 0 ? WakerAsleep : 0;
            }
        }

        /// <summary>GICR_CTLR; PROPBASER and PENDBASER; INVLPIR, INVALLR, SYNCR.</summary>
        private static bool IsOfLpis(ulong offset) => offset is 0 or (>= 0x70 and < 0x80) or (>= 0xA0 and < 0xC8);

        /// <summary>Aff3:Aff2:Aff1:Aff0 in one word, as in GICR_TYPER.</summary>
        private static uint Affinity32(ulong affinity) => (uint)(affinity & 0xFF_FFFF) | ((uint)(affinity >> 32) << 24);
    }
}

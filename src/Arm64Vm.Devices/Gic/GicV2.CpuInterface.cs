using System.Numerics;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic;

internal sealed partial class GicV2
{
    /// <summary>GICC_* of the accessing processor.</summary>
    private sealed class CpuInterfaceFrame(GicV2 gic) : IMmioDevice
    {
        private const ulong Size = 0x2000;
        private const ulong Deactivation = 0x1000;
        private const uint InterfaceIdentification = 0x0002_043B;
        private const uint PendingGroup1 = 1022;
        private const uint IdMask = 0x3FF;

        public bool TryRead(ulong offset, int size, out ulong value)
        {
            value = 0;
            if (offset >= Size || size != 4 || (offset & 3) != 0)
                return false;
            value = Read(gic.Current, offset);
            return true;
        }

        public bool TryWrite(ulong offset, int size, ulong value)
        {
            if (offset >= Size || size != 4 || (offset & 3) != 0)
                return false;
            int processor = gic.Current;
            Write(processor, offset, (uint)value);
            gic.Drive(processor);
            return true;
        }

        private uint Read(int processor, ulong offset)
        {
            CpuInterface face = gic.Interfaces[processor];
            InterfaceControl control = gic._controls[processor];
            return offset switch
            {
                0x00 => (face.Enable0 ? 1u : 0) | (face.Enable1 ? 2u : 0) | (control.AcknowledgeControl ? 4u : 0) | (control.FiqEnable ? 8u : 0)
                    | (face.CommonBinaryPoint ? 16u : 0) | (face.SplitEnd ? 1u << 9 : 0),
                0x04 => face.PriorityMask,
                0x08 => face.BinaryPoint0,
                0x0C => Take(processor, control.AcknowledgeControl, group0: true),
                0x14 => face.RunningPriority,
                0x18 => Highest(processor, control.AcknowledgeControl, group0: true),
                0x1C => face.BinaryPoint1,
                0x20 => Take(processor, group1: true, group0: false),
                0x28 => Highest(processor, group1: true, group0: false),
                0xD0 => face.ActivePriorities0,
                0xE0 => face.ActivePriorities1,
                0xFC => InterfaceIdentification,
                _ => 0,
            };
        }

        private void Write(int processor, ulong offset, uint value)
        {
            CpuInterface face = gic.Interfaces[processor];
            InterfaceControl control = gic._controls[processor];
            switch (offset)
            {
                case 0x00:
                    face.Enable0 = (value & 1) != 0;
                    face.Enable1 = (value & 2) != 0;
                    control.AcknowledgeControl = (value & 4) != 0;
                    control.FiqEnable = (value & 8) != 0;
                    face.CommonBinaryPoint = (value & 16) != 0;
                    face.SplitEnd = (value & (1u << 9)) != 0;
                    break;
                case 0x04:
                    face.PriorityMask = (byte)(value & InterruptBank.PriorityMask);
                    break;
                case 0x08:
                    face.BinaryPoint0 = Math.Max((byte)(value & 7), CpuInterface.MinimumBinaryPoint0);
                    break;
                case 0x10 or 0x24:
                    End(processor, (int)(value & IdMask));
                    break;
                case 0x1C:
                    face.BinaryPoint1 = Math.Max((byte)(value & 7), CpuInterface.MinimumBinaryPoint1);
                    break;
                case 0xD0:
                    face.ActivePriorities0 = value;
                    break;
                case 0xE0:
                    face.ActivePriorities1 = value;
                    break;
                case Deactivation when face.SplitEnd:
                    gic.Deactivate(processor, (int)(value & IdMask));
                    break;
                default:
                    break;
            }
        }

        /// <summary>GICC_IAR, GICC_AIAR. A Group 1 interrupt that IAR may not take reads as 1022.</summary>
        private uint Take(int processor, bool group1, bool group0)
        {
            CpuInterface face = gic.Interfaces[processor];
            while (true)
            {
                uint id = (uint)gic.Acknowledge(processor, group0, group1);
                if (id == (uint)CpuInterface.Spurious)
                    return face.IsSignalled && face.PendingIsGroup1 && !group1 ? PendingGroup1 : id;
                if (id >= SgiCount)
                    return id;

                // One source at a time; others keep the SGI pending. An SGI without one was withdrawn, or its source was taken with the one before.
                ref uint sources = ref gic._controls[processor].Sources[id];
                uint asked = Volatile.Read(ref sources);
                if (asked == 0)
                {
                    End(processor, (int)id);
                    if (face.SplitEnd)
                        gic.Deactivate(processor, (int)id);
                    continue;
                }

                int source = BitOperations.TrailingZeroCount(asked);
                if ((Interlocked.And(ref sources, ~(1u << source)) & ~(1u << source)) != 0)
                    gic.Private[processor].SetPending(0, 1u << (int)id);
                gic.Drive(processor);
                return id | ((uint)source << 10);
            }
        }

        private uint Highest(int processor, bool group1, bool group0)
        {
            CpuInterface face = gic.Interfaces[processor];
            gic.Drive(processor);
            if (face.PendingId == CpuInterface.Spurious)
                return (uint)CpuInterface.Spurious;
            if (face.PendingIsGroup1 ? group1 : group0)
                return (uint)face.PendingId;
            return face.PendingIsGroup1 ? PendingGroup1 : (uint)CpuInterface.Spurious;
        }

        private void End(int processor, int id)
        {
            if (id >= FirstSpi + SpiCount)
                return;
            CpuInterface face = gic.Interfaces[processor];
            (InterruptBank bank, int index) = gic.Find(processor, id);
            face.DropPriority(bank.IsGroup1(index));
            if (!face.SplitEnd)
                gic.Deactivate(processor, id);
        }
    }
}

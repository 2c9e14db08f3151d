using Arm64Vm.Cpu;
using Arm64Vm.Devices.Clock;
using Arm64Vm.Devices.Flash;
using Arm64Vm.Devices.FwCfg;
using Arm64Vm.Devices.Gpio;
using Arm64Vm.Devices.Pci;
using Arm64Vm.Devices.Rtc;
using Arm64Vm.Devices.Tests.Virtio;
using Arm64Vm.Devices.Uart;
using Arm64Vm.Devices.Virtio;
using CsCheck;

namespace Arm64Vm.Devices.Tests;

/// <summary>Random accesses: no device throws, and one restored in the middle answers like one that was left alone.</summary>
public class DeviceFuzzTests
{
    private static readonly int[] Sizes = [1, 2, 4, 8];
    private static readonly Gen<uint> Values = Gen.OneOf(Gen.UInt, Gen.UInt[0, 255], Gen.Const(0x00D0_00D0u), Gen.Const(0x00E8_00E8u), Gen.Const(0x0040_0040u));

    public static TheoryData<string> Names() => ["pl011", "pl031", "pl061", "flash", "fw_cfg", "virtio", "pcie"];

    [Theory]
    [MemberData(nameof(Names))]
    public void RestoredDeviceBehavesTheSame(string name)
    {
        var accesses = Gen.Select(Gen.Bool, Gen.UInt, Gen.Int[0, 3], Values, Gen.UInt[0, 300_000]);
        Gen.Select(accesses.Array[1, 60], Gen.Int[0, 59]).Sample(
            (list, middle) =>
            {
                var (one, other) = (new Rig(name), new Rig(name));
                for (var i = 0; i < list.Length; i++)
                {
                    if (i == middle)
                        other.Reload();
                    var (write, where, size, value, wait) = list[i];
                    var offset = one.Offset(where);
                    var bytes = Sizes[size];
                    if (write)
                    {
                        Assert.Equal(one.Device.TryWrite(offset, bytes, value), other.Device.TryWrite(offset, bytes, value));
                    }
                    else
                    {
                        var done = one.Device.TryRead(offset, bytes, out var expected);
                        Assert.Equal((done, expected), (other.Device.TryRead(offset, bytes, out var actual), actual));
                    }

                    one.Clock.Advance(wait);
                    other.Clock.Advance(wait);
                    Assert.Equal(one.Line.Level, other.Line.Level);
                }

                Assert.Equal(one.Backend.Output, other.Backend.Output);
                Assert.Equal(one.Contents, other.Contents);
            },
            iter: 1000);
    }

    private sealed class Rig
    {
        private readonly string _name;
        private readonly TestMemory _memory = new(1 << 16);
        private readonly byte[] _configuration = new byte[8];
        private readonly ulong[] _interesting;

        public Rig(string name)
        {
            _name = name;
            Contents.AsSpan().Fill(0xFF);
            Backend.Input.Feed("some input that waits to be read, longer than a FIFO"u8);
            _interesting = name switch
            {
                "pl011" => [0, 0, 4, 0x18, 0x24, 0x28, 0x2C, 0x30, 0x34, 0x38, 0x3C, 0x40, 0x44, 0xFE0],
                "pl031" => [0, 4, 8, 0x10, 0x14, 0x1C],
                "pl061" => [0, 0x3FC, 0x400, 0x404, 0x408, 0x40C, 0x410, 0x414, 0x41C],
                "fw_cfg" => [0, 8, 0x10, 0x14],
                "virtio" => [0x14, 0x20, 0x24, 0x30, 0x34, 0x38, 0x44, 0x50, 0x60, 0x64, 0x70, 0x80, 0x90, 0xA0, 0x100],
                _ => [0, 4, 0x3C, 0x100],
            };
            Device = Create();
        }

        public IMmioDevice Device { get; private set; }

        public ManualClock Clock { get; } = new();

        public TestLine Line { get; } = new();

        public MemoryCharacterBackend Backend { get; } = new();

        public byte[] Contents { get; } = new byte[16384];

        /// <summary>Mostly registers, sometimes anywhere up to and beyond the end.</summary>
        public ulong Offset(uint random)
        {
            if ((random & 7) != 0)
                return _interesting[(random >> 3) % (uint)_interesting.Length];
            return (random >> 3) % 0x4100;
        }

        public void Reload()
        {
            var old = Device;
            Device = Create();
            switch (old, Device)
            {
                case (Pl011 from, Pl011 to): from.Dispose(); to.Restore(from.Save()); break;
                case (Pl031 from, Pl031 to): from.Dispose(); to.Restore(from.Save()); break;
                case (Pl061 from, Pl061 to): to.Restore(from.Save()); break;
                case (CfiFlash from, CfiFlash to): to.Restore(from.Save()); break;
                case (FwCfgDevice from, FwCfgDevice to): to.Restore(from.Save()); break;
                case (VirtioMmioTransport from, VirtioMmioTransport to): to.Restore(from.Save()); break;
                case (PcieHost from, PcieHost to): to.Bridge.Restore(from.Bridge.Save()); break;
            }
        }

        private IMmioDevice Create()
        {
            switch (_name)
            {
                case "pl011": return new Pl011(Line, Clock, Backend);
                case "pl031": return new Pl031(Line, Clock);
                case "pl061": return new Pl061(Line);
                case "flash": return new CfiFlash(Contents, 4096);
                case "fw_cfg":
                    var items = new FwCfgItems();
                    items.AddFile("opt/a", new byte[10]);
                    return new FwCfgDevice(items, _memory);
                case "virtio": return new VirtioMmioTransport(Line, _memory, new EchoDevice(_configuration));
                default: return new PcieHost(1);
            }
        }
    }
}

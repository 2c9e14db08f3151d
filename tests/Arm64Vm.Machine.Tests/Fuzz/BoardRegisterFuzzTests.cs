using Arm64Vm.Devices.Clock;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tests.Fuzz;

/// <summary>
/// Random reads and writes of every register block on the board, wired as it is, with time going on in between: nothing throws or hangs,
/// and the process does not hold more and more. How long, and from which seed: <see cref="FuzzSeeds"/>.
/// </summary>
[Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
public sealed class BoardRegisterFuzzTests
{
    private const int Accesses = 4000;
    private const long MostKept = 48 << 20;
    private static readonly TimeSpan s_mostForASeed = TimeSpan.FromSeconds(20);
    private static readonly int[] s_sizes = [1, 2, 4, 8];

    public static TheoryData<GicVersion, VirtioBus> Boards => new(
        (GicVersion.V3, VirtioBus.Mmio), (GicVersion.V3, VirtioBus.Pci), (GicVersion.V2, VirtioBus.Mmio), (GicVersion.V2, VirtioBus.Pci));

    [Theory]
    [MemberData(nameof(Boards))]
    public async Task RandomAccessesAreSurvived(GicVersion gic, VirtioBus bus)
    {
        using TemporaryDisk disk = new(64 * 1024);
        long before = 0;
        int count = 0;
        foreach (int seed in FuzzSeeds.Count(3))
        {
            using LivedTime watch = new();
            try
            {
                await RunOneAsync(gic, bus, disk.Path, seed);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Assert.Fail($"seed {seed}: {e}");
            }

            Assert.True(watch.Elapsed < s_mostForASeed, $"seed {seed} took {watch.Elapsed}");
            if (++count == 20)
                before = GC.GetTotalMemory(forceFullCollection: true);
        }

        if (count > 20)
            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, MostKept);
    }

    private static async Task RunOneAsync(GicVersion gic, VirtioBus bus, string disk, int seed)
    {
        ManualClock clock = new();
        await using VirtualMachine machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestElf.Make([0x00, 0x00, 0x00, 0x14]),
            Memory = 16 << 20,
            Cpus = 2,
            Gic = gic,
            Bus = bus,
            Backend = ExecutionBackend.Interpreter,
            Clock = clock,
            RandomSeed = (ulong)seed,
            Disks = [new DiskConfig(disk)],
            HasEntropyDevice = true,
            HasBalloon = true,
            HasVirtioConsole = true,
            HasSecondSerial = true,
            HasWatchdog = true,
            HasPanicDevice = true,
            HasDisplay = true,
            HasInput = true,
            VirtioPorts = [new VirtioPortConfig("org.first")],
            HotplugSlots = 1,
        });
        PhysicalBus devices = machine.Board.Bus;
        Region[] regions = [.. devices.Devices.Select(device => device.Region)];
        Random random = new(seed);
        Region region = regions[0];
        for (int i = 0; i < Accesses; i++)
        {
            // Several accesses to one device, which then comes to states that single ones do not reach.
            if (random.Next(8) == 0)
                region = regions[random.Next(regions.Length)];
            int size = s_sizes[random.Next(4)];
            ulong offset = random.Next(4) switch
            {
                0 => (ulong)random.NextInt64((long)region.Size),
                1 => (ulong)random.NextInt64(Math.Min((long)region.Size, 0x1_0000)) & ~3UL,
                _ => (ulong)random.NextInt64(Math.Min((long)region.Size, 0x400)) & ~3UL,
            };
            if (random.Next(6) != 0)
                (offset, size) = (offset & ~3UL, 4);
            ulong value = random.Next(4) switch
            {
                0 => (ulong)random.Next(16),
                1 => MemoryMap.RamBase + (ulong)random.Next(16 << 20),
                2 => 1UL << random.Next(64),
                _ => (ulong)random.NextInt64(),
            };
            if (random.Next(3) == 0)
                devices.TryRead(region.Base + offset, size, out _);
            else
                devices.TryWrite(region.Base + offset, size, value);
            if (random.Next(16) == 0)
                clock.Advance((ulong)random.Next(1, 2_000_000));
        }
    }
}

namespace Arm64Vm.Machine.Tests.Machines;

public sealed class DiskOrderTests : IDisposable
{
    private readonly string _first = Path.GetTempFileName();
    private readonly string _second = Path.GetTempFileName();

    public void Dispose()
    {
        File.Delete(_first);
        File.Delete(_second);
    }

    /// <summary>Guests look from the lowest address up; one device is on the last transport, as on QEMU's board.</summary>
    [Fact]
    public async Task TheFirstDiskIsAtTheLowestAddress()
    {
        File.WriteAllBytes(_first, new byte[512 * 3]);
        File.WriteAllBytes(_second, new byte[512 * 5]);
        Assert.Equal([(2u, 3u)], await DevicesAsync([_first], rng: false, console: false));
        Assert.Equal([(2u, 3u), (2u, 5u)], await DevicesAsync([_first, _second], rng: false, console: false));
        Assert.Equal([(2u, 3u), (2u, 5u), (4u, 0u), (3u, 0u)], await DevicesAsync([_first, _second], rng: true, console: true));
    }

    /// <summary>Device numbers and the first configuration words, by address; all before are empty.</summary>
    private static async Task<List<(uint Id, uint Configuration)>> DevicesAsync(string[] disks, bool rng, bool console)
    {
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = new TestProgram().PowerOff().ToElf(),
            Memory = 64 << 20,
            HasEntropyDevice = rng,
            HasVirtioConsole = console,
            Disks = [.. disks.Select(path => new DiskConfig(path))],
        });
        var found = new List<(uint, uint)>();
        for (var i = 0; i < 32; i++)
        {
            var address = 0x0A00_0000 + (ulong)i * 0x200;
            Assert.True(machine.Board.Bus.TryRead(address + 8, 4, out var id));
            Assert.True(machine.Board.Bus.TryRead(address + 0x100, 4, out var configuration));
            if (id != 0)
                found.Add(((uint)id, (uint)configuration));
            else
                Assert.Empty(found);
        }

        return found;
    }
}

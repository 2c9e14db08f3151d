using System.Security.Cryptography;
using System.Text;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>Disks as a stock Linux uses them.</summary>
public sealed class LinuxDiskTests : IDisposable
{
    private const int DataSize = 8 << 20;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task TheFirstDiskIsVdaAndWhatIsWrittenIsInTheFile()
    {
        var data = Path.Combine(_folder.FullName, "data.img");
        File.WriteAllBytes(data, [.. Enumerable.Repeat((byte)0xAA, DataSize)]);
        var machine = await RunAsync(data, """
            for d in vda vdb vdc; do echo $d is $(cat /sys/block/$d/size); done
            yes synced | dd of=/dev/vdb bs=7 count=4096 iflag=fullblock conv=fsync 2>/dev/null; echo write=$?
            dd if=/dev/zero of=/dev/vda bs=4k count=1 seek=100 conv=fsync 2>/dev/null; echo root=$?
            blkdiscard -o 1048576 -l 1048576 /dev/vdb; echo discard=$?
            blkdiscard -z -o 3145728 -l 4096 /dev/vdb; echo zero=$?
            dmesg | grep -c 'I/O error'
            """);
        var root = new FileInfo(GuestFiles.Find("debian/root.img")).Length / 512;
        Assert.Contains($"vda is {root}", machine, StringComparison.Ordinal);
        Assert.Contains($"vdb is {DataSize / 512}", machine, StringComparison.Ordinal);
        Assert.Contains("vdc is 128", machine, StringComparison.Ordinal);
        foreach (var success in (ReadOnlySpan<string>)["write=0", "root=0", "discard=0", "zero=0"])
            Assert.Contains(success, machine, StringComparison.Ordinal);
        var bytes = File.ReadAllBytes(data);
        Assert.Equal(string.Concat(Enumerable.Repeat("synced\n", 4096)), Encoding.ASCII.GetString(bytes, 0, 7 * 4096));
        Assert.Equal(-1, bytes.AsSpan(3 << 20, 4096).IndexOfAnyExcept((byte)0));
        Assert.Equal(0xAA, bytes[(3 << 20) + 4096]);
    }

    /// <summary>On PCI each processor has a queue and its interrupt; what they write through them is all there.</summary>
    [Theory]
    [InlineData(VirtioBus.Pci, 2)]
    [InlineData(VirtioBus.Mmio, 1)]
    public async Task DisksOnPciHaveAQueueForEachProcessor(VirtioBus bus, int queues)
    {
        var data = Path.Combine(_folder.FullName, "data.img");
        File.WriteAllBytes(data, new byte[DataSize]);
        var text = await RunAsync(
            data,
            """
            echo QUEUES=$(ls /sys/block/vdb/mq | wc -l)
            for c in 0 1; do taskset -c $c sh -c "yes processor$c | dd of=/dev/vdb bs=4k count=512 seek=$((512 * c)) iflag=fullblock oflag=direct 2>/dev/null" & done; wait
            awk '/virtio.*-req\.1/ { sum += $2 + $3 } END { print "SECOND-QUEUE", (sum > 100) }' /proc/interrupts
            sha256sum /dev/vdb
            """,
            config => config with { Bus = bus, Cpus = 2 });
        Assert.Contains($"QUEUES={queues}", text, StringComparison.Ordinal);
        Assert.Contains($"SECOND-QUEUE {(queues > 1 ? 1 : 0)}", text, StringComparison.Ordinal);
        var bytes = File.ReadAllBytes(data);
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(bytes)), text, StringComparison.Ordinal);
        for (var cpu = 0; cpu < 2; cpu++)
        {
            var lines = Encoding.ASCII.GetString(bytes, cpu << 21, 1 << 21).Split('\n')[..^1];
            Assert.All(lines, line => Assert.Equal($"processor{cpu}", line));
        }
    }

    /// <summary>Runs a script in the fetched Debian with a second disk; returns what it printed.</summary>
    private async Task<string> RunAsync(string data, string script, Func<MachineConfig, MachineConfig>? change = null)
    {
        var scriptDisk = Path.Combine(_folder.FullName, "script.img");
        var bytes = new byte[64 << 10];
        Encoding.UTF8.GetBytes(script.ReplaceLineEndings("\n") + "\necho DONE\n", bytes);
        File.WriteAllBytes(scriptDisk, bytes);
        var config = new MachineConfig
        {
            Kernel = GuestFiles.Find("Image"),
            Initrd = GuestFiles.Find("initrd.gz"),
            Append = "console=ttyAMA0 quiet panic=-1",
            NoReboot = true,
            TracksPhases = true,
            Disks = [new DiskConfig(GuestFiles.Find("debian/root.img"), DiskMode.Snapshot), new DiskConfig(data), new DiskConfig(scriptDisk, DiskMode.ReadOnly)],
        };
        await using var machine = VirtualMachine.Create(change is null ? config : change(config));
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("DONE", GuestFiles.Patience);
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
        Assert.Equal(["kernel", "init"], machine.GetStatistics().Phases.Select(phase => phase.Name));
        return machine.Console.Text;
    }
}

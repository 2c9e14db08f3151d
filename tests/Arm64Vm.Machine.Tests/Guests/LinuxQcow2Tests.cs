using System.Text;
using Arm64Vm.Devices.Images;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>A qcow2 disk as a stock Linux uses it.</summary>
public sealed class LinuxQcow2Tests : IDisposable
{
    private const int Size = 64 << 20;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task WhatLinuxWritesIsInTheImageAndWhatItDiscardsIsNot()
    {
        var below = new byte[Size / 2];
        new Random(1).NextBytes(below);
        File.WriteAllBytes(Name("base.img"), below);
        ImageCreation.Create(Name("disk.qcow2"), DiskFormat.Qcow2, Size, new Qcow2Options { BackingFile = "base.img", BackingFormat = DiskFormat.Raw }, replaces: false);
        var console = await RunAsync("""
            echo sectors=$(cat /sys/block/vdb/size)
            yes synced | dd of=/dev/vdb bs=7 count=4096 iflag=fullblock conv=fsync 2>/dev/null; echo write=$?
            dd if=/dev/vdb bs=1M skip=1 count=4 2>/dev/null | dd of=/dev/vdb bs=1M seek=40 conv=fsync 2>/dev/null; echo copy=$?
            dd if=/dev/zero of=/dev/vdb bs=64k seek=800 count=160 conv=fsync 2>/dev/null; echo more=$?
            blkdiscard -o 52428800 -l 8388608 /dev/vdb; echo discard=$?
            dmesg | grep -c 'I/O error'
            """);
        foreach (var line in (ReadOnlySpan<string>)[$"sectors={Size / 512}", "write=0", "copy=0", "more=0", "discard=0", "0"])
            Assert.Contains($"{line}\r\n", console, StringComparison.Ordinal);
        var check = ImageChecking.Check(Name("disk.qcow2"));
        Assert.True(check.IsClean, string.Join("; ", check.Messages));
        Assert.InRange(check.AllocatedClusters, (4 << 4) + 1, (7 << 4) + 4);
        using var image = DiskImage.Open(Name("disk.qcow2"), readOnly: true);
        var bytes = new byte[Size];
        Assert.True(image.Disk.TryRead(0, bytes));
        Assert.Equal(string.Concat(Enumerable.Repeat("synced\n", 4096)), Encoding.ASCII.GetString(bytes, 0, 7 * 4096));
        Assert.Equal(below.AsSpan(7 * 4096, 30 << 20), bytes.AsSpan(7 * 4096, 30 << 20));
        Assert.Equal(below.AsSpan(1 << 20, 4 << 20), bytes.AsSpan(40 << 20, 4 << 20));
        Assert.Equal(below, File.ReadAllBytes(Name("base.img")));
    }

    /// <summary>Runs a script in the initial RAM disk; returns what it printed.</summary>
    private async Task<string> RunAsync(string script)
    {
        var bytes = new byte[64 << 10];
        Encoding.UTF8.GetBytes($"{script}\necho DONE\n".ReplaceLineEndings("\n"), bytes);
        File.WriteAllBytes(Name("script.img"), bytes);
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestFiles.Find("Image"),
            Initrd = GuestFiles.Find("initrd.gz"),
            Append = "console=ttyAMA0 quiet panic=-1 script=initrd",
            NoReboot = true,
            Disks = [new DiskConfig(Name("script.img"), DiskMode.ReadOnly), new DiskConfig(Name("disk.qcow2"))],
        });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("\nDONE", GuestFiles.Patience);
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
        return machine.Console.Text;
    }

    private string Name(string name) => Path.Combine(_folder.FullName, name);
}

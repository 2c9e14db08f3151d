using System.Diagnostics;
using System.Text;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary>Disks of the built program: what a guest has flushed survives the process's death, and host errors are the guest's.</summary>
public sealed class DiskProcessTests : IDisposable
{
    private const int SectorSize = 512;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatTheGuestFlushedSurvivesAKill(bool isQcow2)
    {
        var image = Image(DiskProgram.Sectors * SectorSize);
        if (isQcow2)
        {
            // A backing file, and clusters as small as possible: as much as can be to change.
            var over = image + ".qcow2";
            Assert.Equal(0, CliRun.Of("image", "create", over, "--backing", image, "--cluster-size", "512").Status);
            image = over;
        }

        using var kernel = new TemporaryFile(DiskProgram.WriteNumbers().ToElf());
        var random = new Random(1);
        var last = 0;
        for (var round = 0; round < 3; round++)
        {
            using var process = Start(null, "boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image);
            var lines = 30 + random.Next(300);
            var number = 0;
            for (var i = 0; i < lines; i++)
            {
                var line = await process.StandardOutput.ReadLineAsync().WaitAsync(s_patience);
                Assert.Equal(4, line?.Length);
                number = DiskProgram.NumberOf(line!);
            }

            process.Kill();
            await process.WaitForExitAsync().WaitAsync(s_patience);
            Assert.True(number >= lines);
            var disk = File.ReadAllBytes(isQcow2 ? Raw(image) : image);
            for (var n = Math.Max(1, number - DiskProgram.Sectors + 1); n <= number; n++)
            {
                // A later write may have come over it, which then is the same sector's next number.
                var found = BitConverter.ToInt32(disk, n % DiskProgram.Sectors * SectorSize);
                Assert.True(found == n || found == n + DiskProgram.Sectors || found > number, $"sector {n % DiskProgram.Sectors} has {found}, but {n} was flushed");
            }

            last = number;
        }

        Assert.True(last > 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",snapshot")]
    public async Task AFullFileSystemIsAnErrorOfTheGuestsWrites(string mode)
    {
        using var small = SmallFileSystem.TryMount(_folder.Path);
        Assert.SkipWhen(small is null, "file systems cannot be mounted here");
        var image = mode.Length == 0 ? Path.Combine(small!.Path, "disk.img") : Image(256 * SectorSize);
        if (mode.Length == 0)
            MakeSparse(image, 256 * SectorSize);
        using var kernel = new TemporaryFile(DiskProgram.WriteAndPrintStatus(last: 248, step: 8).ToElf());
        using var process = Start(small!.Path, "boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image + mode);
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(s_patience);
        await process.WaitForExitAsync().WaitAsync(s_patience);
        Assert.Equal((0, ""), (process.ExitCode, await process.StandardError.ReadToEndAsync()));
        Assert.Matches("^0+1+0!$", output);
        Assert.Equal(32 + 2, output.Length);
    }

    /// <summary>SIGXFSZ would end the process. The runtime's own file of code, which the limit also holds for, is left out.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(",snapshot")]
    public void TheFileSizeLimitIsAnErrorOfTheGuestsWrites(string mode)
    {
        var image = Image(400_000 * SectorSize);
        using var kernel = new TemporaryFile(DiskProgram.WriteAndPrintStatus(last: 380_000, step: 190_000).ToElf());
        var run = ShellRun.Of($"export DOTNET_EnableWriteXorExecute=0; ulimit -f {128 << 10}; $arm64vm boot --memory 64M --backend interpreter --kernel \"$1\" --disk \"$2\"{mode}", kernel.Path, image);
        Assert.Equal(new ShellRun(0, "0010!", ""), run);
    }

    [Fact]
    public void ADiskThatIsNoWholeNumberOfSectorsIsAnnounced()
    {
        var image = Image(1234);
        using var kernel = new TemporaryFile(DiskProgram.WriteAndPrintStatus(last: 2, step: 1).ToElf());
        var run = CliRun.Of("boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image);
        Assert.Equal("0000!", run.Output);
        Assert.Contains("has 1234 bytes, which are no whole number of sectors", run.Error, StringComparison.Ordinal);
        Assert.Equal(1536, new FileInfo(image).Length);
        Assert.Equal("", CliRun.Of("boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image).Error);
    }

    [Fact]
    public void WhatIsNoOptionOfADiskIsNamed()
    {
        var image = Image(SectorSize);
        CliRun.Of("boot", "--disk", image + ",foo").ExpectFailure(ExitStatus.Usage, "'foo' is no option; readonly");
        CliRun.Of("boot", "--disk", image + ",foo,readonly").ExpectFailure(ExitStatus.Usage, "'foo' is no option; readonly");
        CliRun.Of("boot", "--disk", image + ",readonly,snapshot").ExpectFailure(ExitStatus.Usage, "both readonly and snapshot");
    }

    /// <summary>A block device of the host takes writes into its cache and fails when it has to put them somewhere: EIO from fdatasync(2).</summary>
    [Fact]
    public async Task AnErrorOfTheHostsDeviceIsAnErrorOfTheGuestsFlush()
    {
        using var small = SmallFileSystem.TryMount(_folder.Path);
        Assert.SkipWhen(small is null, "file systems cannot be mounted here");
        var image = Path.Combine(small!.Path, "disk.img");
        MakeSparse(image, 256 * SectorSize);
        small.Fill();
        using var device = LoopDevice.TryAttach(image);
        Assert.SkipWhen(device is null, "there are no loop devices here");
        using var kernel = new TemporaryFile(DiskProgram.WriteAndPrintStatus(last: 248, step: 8).ToElf());
        using var process = Start(null, "boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", device!.Path);
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(s_patience);
        await process.WaitForExitAsync().WaitAsync(s_patience);
        Assert.Equal((0, ""), (process.ExitCode, await process.StandardError.ReadToEndAsync()));
        Assert.Equal(new string('0', 32) + "1!", output);
    }

    [Fact]
    public void WhatIsNoRawDiskIsRefused()
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("up").Hang().ToElf());
        var image = Image(SectorSize - 1);
        Refuse(image, "has 511 bytes, less than one sector");
        Refuse("/dev/null", "less than one sector");
        Refuse(_folder.Path, "is a folder");
        Refuse(image + "x", "Could not find");
        File.WriteAllBytes(image, [(byte)'Q', (byte)'F', (byte)'I', 0xFB, .. new byte[4096]]);
        foreach (var mode in (ReadOnlySpan<string>)["", ",readonly", ",snapshot"])
            Refuse(image + mode, "is a qcow2 image");

        void Refuse(string disk, string why) => CliRun.Of("boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", disk).ExpectFailure(ExitStatus.Failure, why);
    }

    [Fact]
    public async Task AnImageHasOneWriter()
    {
        var image = Image(DiskProgram.Sectors * SectorSize);
        using var kernel = new TemporaryFile(new TestProgram().Print("up").Hang().ToElf());
        using var first = Start(null, "boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image);
        await first.StandardOutput.ReadBlockAsync(new char[2]).AsTask().WaitAsync(s_patience);
        foreach (var mode in (ReadOnlySpan<string>)["", ",readonly", ",snapshot"])
            CliRun.Of("boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image + mode).ExpectFailure(ExitStatus.Failure, "by another machine");
        first.Kill();
        await first.WaitForExitAsync().WaitAsync(s_patience);

        using var reader = Start(null, "boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image + ",snapshot");
        await reader.StandardOutput.ReadBlockAsync(new char[2]).AsTask().WaitAsync(s_patience);
        using var done = new TemporaryFile(DiskProgram.WriteAndPrintStatus(last: 0, step: 1).ToElf());
        Assert.Equal("00!", CliRun.Of("boot", "--kernel", done.Path, "--memory", "64M", "--disk", image + ",snapshot").Output);
        CliRun.Of("boot", "--kernel", done.Path, "--memory", "64M", "--disk", image).ExpectFailure(ExitStatus.Failure, "in use by another machine");
        reader.Kill();
    }

    [Fact]
    public void DamageOfAnImageIsSaid()
    {
        var image = Path.Combine(_folder.Path, "disk.qcow2");
        Assert.Equal(0, CliRun.Of("image", "create", image, "64K").Status);
        using var kernel = new TemporaryFile(DiskProgram.WriteAndPrintStatus(last: 7, step: 1).ToElf());
        Assert.Equal("000000000!", CliRun.Of("boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image).Output);

        // The first entry of the table behind header, counts and L1 points into the middle of a cluster.
        using (var file = File.OpenWrite(image))
        {
            file.Position = 4 << 16;
            file.Write([0x80, 0, 0, 0, 0, 5, 2, 0]);
        }

        var run = CliRun.Of("boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image);
        Assert.Equal("111111111!", run.Output);
        Assert.Contains("is damaged: entry 0 of the L2 table", run.Error, StringComparison.Ordinal);
        CliRun.Of("boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image).ExpectFailure(ExitStatus.Failure, "marked as damaged");
    }

    [Fact]
    public void ASnapshotLeavesTheImageAlone()
    {
        var image = Image(8 * SectorSize);
        using var kernel = new TemporaryFile(DiskProgram.WriteAndPrintStatus(last: 7, step: 1).ToElf());
        var before = File.ReadAllBytes(image);
        Array.Fill(before, (byte)7);
        File.WriteAllBytes(image, before);
        Assert.Equal("000000000!", CliRun.Of("boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image + ",snapshot").Output);
        Assert.Equal(before, File.ReadAllBytes(image));
        Assert.Equal("111111110!", CliRun.Of("boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image + ",readonly").Output);
        Assert.Equal(before, File.ReadAllBytes(image));
        Assert.Equal("000000000!", CliRun.Of("boot", "--kernel", kernel.Path, "--memory", "64M", "--disk", image).Output);
        Assert.Equal(-1, File.ReadAllBytes(image).AsSpan().IndexOfAnyExcept((byte)0));
    }

    /// <summary>WFI sleeps, and nothing else in the process wakes up: of some two seconds the process uses less than 2 %.</summary>
    [Fact]
    public async Task AWaitingGuestUsesNoProcessor()
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("up").Add(0xD503_207F, 0x17FF_FFFF).ToElf()); // wfi; b .-4
        using var process = Start(null, "boot", "--kernel", kernel.Path, "--memory", "64M");
        await process.StandardOutput.ReadBlockAsync(new char[2]).AsTask().WaitAsync(s_patience);
        var least = double.MaxValue;
        for (var round = 0; round < 8 && least >= 0.02; round++)
        {
            var (watch, before) = (Stopwatch.StartNew(), Used(process));
            await Task.Delay(2000);
            least = Math.Min(least, (Used(process) - before) / watch.Elapsed);
        }

        process.Kill();
        Assert.True(least < 0.02, $"{least:P1} of a processor");
    }

    private static TimeSpan Used(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    /// <summary>What a killed machine left: no damage, at most lost room; and the disk as a raw image.</summary>
    private string Raw(string image)
    {
        Assert.InRange(CliRun.Of("image", "check", image).Status, 0, 3);
        var raw = Path.Combine(_folder.Path, "raw.img");
        Assert.Equal(0, CliRun.Of("image", "convert", "--force", image, raw).Status);
        return raw;
    }

    private string Image(int size)
    {
        var path = Path.Combine(_folder.Path, "disk.img");
        File.WriteAllBytes(path, new byte[size]);
        return path;
    }

    private static void MakeSparse(string path, long size)
    {
        using var file = File.Create(path);
        file.SetLength(size);
    }

    private static Process Start(string? temporaryFolder, params string[] arguments)
    {
        var info = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, StandardOutputEncoding = Encoding.Latin1 };
        info.ArgumentList.Add(typeof(Application).Assembly.Location);
        foreach (var argument in arguments)
            info.ArgumentList.Add(argument);
        if (temporaryFolder is not null)
            info.Environment["TMPDIR"] = temporaryFolder;

        // The runtime's own files would fill a small file system.
        info.Environment["DOTNET_EnableDiagnostics"] = "0";
        return Process.Start(info)!;
    }
}

using System.IO.Compression;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary>What a machine boots from, given as something else than a plain file.</summary>
public class InputFileTests
{
    private const string Small = "--memory=64M";

    [Fact]
    public void PipesAreRead()
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("from a pipe\n").PowerOff().ToElf());
        var run = ShellRun.Of("$arm64vm boot --memory 64M --kernel <(cat \"$1\")", kernel.Path);
        Assert.Equal(new ShellRun(0, "from a pipe\n", ""), run);
    }

    /// <summary>A pipe cannot be read again, neither at a reset nor for the second machine of lockstep.</summary>
    [Fact]
    public void WhatCameFromAPipeIsThereAfterAReset()
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("[boot]").Reset().ToElf());
        var run = ShellRun.Of("$arm64vm boot --memory 64M --kernel <(cat \"$1\") --until '[boot][boot]' --timeout 60", kernel.Path);
        Assert.Equal((0, ""), (run.Status, run.Error));
        using var ends = new TemporaryFile(new TestProgram().Print("x").PowerOff().ToElf());
        Assert.Equal(0, ShellRun.Of("$arm64vm lockstep --memory 64M <(cat \"$1\")", ends.Path).Status);
    }

    [Theory]
    [InlineData("--kernel <(cat {0})")]
    [InlineData("--kernel {0} --initrd <(printf x)")]
    [InlineData("--kernel {0} --dtb <(printf x)")]
    [InlineData("--firmware <(cat {0})")]
    [InlineData("--firmware {1} --vars <(printf x)")]
    [InlineData("--kernel {0} --disk <(printf x)")]
    [InlineData("--kernel /dev/zero")]
    [InlineData("--firmware /dev/zero")]
    [InlineData("--kernel /dev/null")]
    public void APipeIsAFileOrOneSentence(string arguments)
    {
        using var kernel = new TemporaryFile(new TestProgram().PowerOff().ToElf());
        using var noise = new TemporaryFile([1, 2, 3, 4]);
        var run = ShellRun.Of($"$arm64vm boot --memory 64M {string.Format(arguments, kernel.Path, noise.Path)}");
        Assert.True(run.Status is 0 or 1);
        Assert.True(run.Error.Length == 0 || (run.Error.StartsWith("arm64vm: ", StringComparison.Ordinal) && run.Error.Count(c => c == '\n') == 1));
        Assert.DoesNotContain("internal error", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("boot --kernel \"$1\"")]
    [InlineData("boot --serial file:\"$1\"")]
    [InlineData("lockstep \"$1\"")]
    public void TheTimeLimitCountsWhileAPipeIsOpened(string arguments)
    {
        using var folder = new TemporaryFolder();
        var run = ShellRun.Of($"mkfifo \"$1\"; $arm64vm {arguments} --timeout 1", Path.Combine(folder.Path, "fifo"));
        Assert.Equal(124, run.Status);
        Assert.Contains("time-out after 1 s", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderIsCalledAFolder()
    {
        using var folder = new TemporaryFolder();
        using var kernel = new TemporaryFile(new TestProgram().PowerOff().ToElf());
        CliRun.Of("boot", "--kernel", folder.Path).ExpectFailure(1, "is a folder");
        CliRun.Of("boot", "--firmware", folder.Path).ExpectFailure(1, "is a folder");
        CliRun.Of("boot", "--firmware", kernel.Path, "--vars", folder.Path).ExpectFailure(1, "is a folder");
        CliRun.Of("boot", "--kernel", kernel.Path, "--initrd", folder.Path).ExpectFailure(1, "is a folder");
        CliRun.Of("boot", "--kernel", kernel.Path, "--dtb", folder.Path).ExpectFailure(1, "is a folder");
        CliRun.Of("boot", "--kernel", kernel.Path, "--disk", folder.Path).ExpectFailure(1, "is a folder");
        CliRun.Of("boot", "--kernel", kernel.Path, "--serial", "file:" + folder.Path).ExpectFailure(1, "is a folder");
        CliRun.Of("boot", "--kernel", kernel.Path, "--dump-dtb", folder.Path).ExpectFailure(1, "is a folder");
        CliRun.Of("lockstep", folder.Path).ExpectFailure(1, "is a folder");
        CliRun.Of("disasm", folder.Path).ExpectFailure(1, "is a folder");
        CliRun.Of("image", "check", folder.Path).ExpectFailure(1, "is a folder");
        CliRun.Of("image", "info", folder.Path).ExpectFailure(1, "is a folder");
    }

    [Fact]
    public void GzipMayHaveSeveralMembers()
    {
        var program = new TestProgram().Print("unpacked").PowerOff().ToElf();
        byte[] packed = [.. Pack(program[..40]), .. Pack(program[40..50]), .. Pack(program[50..])];
        foreach (var file in (ReadOnlySpan<byte[]>)[packed, [.. packed, .. new byte[4096]]])
        {
            using var kernel = new TemporaryFile(file);
            Assert.Equal(new CliRun(0, "unpacked", ""), CliRun.Of("boot", "--kernel", kernel.Path, Small));
        }

        foreach (var cut in (ReadOnlySpan<int>)[1, 8, 12, Pack(program[50..]).Length / 2])
        {
            using var kernel = new TemporaryFile(packed[..^cut]);
            CliRun.Of("boot", "--kernel", kernel.Path, Small).ExpectFailure(1, "truncated");
        }
    }

    /// <summary>A large initrd goes straight into RAM: the process does not hold it twice.</summary>
    [Fact]
    public void ALargeInitrdIsNotHeldTwice()
    {
        const int Size = 256 << 20;
        using var folder = new TemporaryFolder();
        var initrd = Path.Combine(folder.Path, "initrd");
        using (var file = File.Create(initrd))
        {
            var block = new byte[1 << 20];
            Random.Shared.NextBytes(block);
            for (var i = 0; i < Size / block.Length; i++)
                file.Write(block);
        }

        // An Image whose code is: wait for ever.
        var image = new byte[4096];
        BitConverter.TryWriteBytes(image, 0x1400_0000u);
        BitConverter.TryWriteBytes(image.AsSpan(16), 4096ul);
        "ARM\x64"u8.CopyTo(image.AsSpan(56));
        using var kernel = new TemporaryFile(image);

        // What RAM holds, in KiB, whether the process has it mapped or not: blocks of its file.
        const string Held = "held() { for f in /proc/$p/fd/*; do case $(readlink $f) in /memfd:arm64vm-ram*) stat -L -c %b $f;; esac; done | awk '{ s += $1 } END { print int(s / 2) }'; }; ";
        var run = ShellRun.Of("$arm64vm boot --kernel \"$1\" --initrd \"$2\" --memory 1G --timeout 100 & p=$!; " + Held
            + "for i in $(seq 600); do [ $(held) -ge 262144 ] && break; sleep 0.1; done; "
            + "sleep 0.3; held; awk '/VmHWM/ { print $2 }' /proc/$p/status; kill $p; wait $p", kernel.Path, initrd);
        var numbers = run.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(long.Parse).ToArray();
        Assert.Equal(2, numbers.Length);
        Assert.InRange(numbers[0], Size >> 10, (Size >> 10) * 5 / 4);
        Assert.InRange(numbers.Sum(), Size >> 10, (Size >> 10) * 3 / 2);
    }

    private static byte[] Pack(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var packer = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            packer.Write(bytes);
        return packed.ToArray();
    }
}

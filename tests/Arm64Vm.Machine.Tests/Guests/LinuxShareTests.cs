using System.Diagnostics;
using System.Text;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>A shared folder as a stock Linux uses it.</summary>
public sealed class LinuxShareTests : IDisposable
{
    private const string Mount = """
        for m in netfs fscache 9pnet 9pnet_virtio 9p; do insmod /lib/$m.ko; done
        mkdir -p /share /fixed
        mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 host /share; echo mount=$?
        mount -t 9p -o trans=virtio,version=9p2000.L fixed /fixed; echo fixed=$?
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task FilesGoBothWaysAndNothingLeadsOut()
    {
        var share = Directory.CreateDirectory(Path.Combine(_folder.FullName, "share")).FullName;
        var content = new byte[3_000_001];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(Path.Combine(share, "from-host"), content);
        File.WriteAllText(Path.Combine(_folder.FullName, "secret"), "SECRET");
        File.CreateSymbolicLink(Path.Combine(share, "out"), "../secret");
        File.CreateSymbolicLink(Path.Combine(share, "absolute"), Path.Combine(_folder.FullName, "secret"));
        var console = await RunAsync(share, """
            sha256sum < /share/from-host
            cp /share/from-host /share/from-guest; echo copy=$?
            cd /share
            mkdir -p a/b/c && echo one > a/b/c/file && mv a/b/c/file a/moved && ln a/moved hard && ln -s a/moved soft && cat soft; echo links=$?
            chmod 4755 hard; stat -c mode=%a hard
            dd if=/dev/zero of=sync bs=1k count=10 conv=fsync 2>/dev/null; echo fsync=$?
            truncate -s 100 sync; stat -c size=%s sync
            cat out absolute 2>&1 | grep -c SECRET
            i=0; while [ $i -lt 300 ]; do echo $i > a/b/$i; i=$((i+1)); done; ls a/b | wc -l
            tar c a | (mkdir t; cd t; tar x); find t | wc -l; rm -r t; echo remove=$?
            exec 3>gone; rm gone; echo still >&3; echo unlinked=$?; exec 3>&-
            mknod null c 1 3 2>/dev/null || echo no device
            df /share | tail -1 | grep -c host
            touch /fixed/x 2>/dev/null || echo read only
            sha256sum < /fixed/from-host
            cd /; umount /share; echo umount=$?
            """);
        var sum = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));
        Assert.Equal(2, console.Split(sum).Length - 1);
        foreach (var line in (ReadOnlySpan<string>)
            ["mount=0", "fixed=0", "copy=0", "one", "links=0", "mode=755", "fsync=0", "size=100", "0", "301", "305", "remove=0", "unlinked=0", "no device", "1", "read only", "umount=0"])
            Assert.Contains($"\n{line}\r\n", console, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(share, "from-guest")));
        Assert.Equal("one\n", File.ReadAllText(Path.Combine(share, "hard")));
        Assert.Equal("a/moved", new FileInfo(Path.Combine(share, "soft")).LinkTarget);
        Assert.Equal(300, Directory.GetFiles(Path.Combine(share, "a/b")).Length);
    }

    /// <summary>Many files are not many descriptors of the host: those that the guest's kernel lets go are closed.</summary>
    [Fact]
    public async Task TwoThousandFilesAreUnpacked()
    {
        var share = Directory.CreateDirectory(Path.Combine(_folder.FullName, "share")).FullName;
        var many = Directory.CreateDirectory(Path.Combine(_folder.FullName, "many")).FullName;
        for (var i = 0; i < 2_000; i++)
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(many, $"{i / 100}")).FullName, $"{i}"), $"{i}\n");
        using (var tar = Process.Start("tar", ["-C", many, "-cf", Path.Combine(share, "many.tar"), "."]))
            await tar.WaitForExitAsync();
        var console = await RunAsync(share, """
            cd /share; mkdir many; tar x -f many.tar -C many; echo tar=$?
            find many -type f | wc -l
            cat many/*/* | sha256sum
            """);
        Assert.Contains("\ntar=0\r\n", console, StringComparison.Ordinal);
        Assert.Contains("\n2000\r\n", console, StringComparison.Ordinal);
        using var diff = Process.Start("diff", ["-r", many, Path.Combine(share, "many")]);
        await diff.WaitForExitAsync();
        Assert.Equal(0, diff.ExitCode);
    }

    /// <summary>Runs a script in the initial RAM disk; returns what it printed.</summary>
    private async Task<string> RunAsync(string share, string script)
    {
        var scriptDisk = Path.Combine(_folder.FullName, "script.img");
        var bytes = new byte[64 << 10];
        Encoding.UTF8.GetBytes($"{Mount}\n{script}\necho DONE\n".ReplaceLineEndings("\n"), bytes);
        File.WriteAllBytes(scriptDisk, bytes);
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestFiles.Find("Image"),
            Initrd = GuestFiles.Find("initrd.gz"),
            Append = "console=ttyAMA0 quiet panic=-1 script=initrd",
            NoReboot = true,
            Disks = [new DiskConfig(scriptDisk, DiskMode.ReadOnly)],
            Shares = [new ShareConfig(share, "host"), new ShareConfig(share, "fixed", ReadOnly: true)],
        });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("\nDONE", GuestFiles.Patience);
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
        return machine.Console.Text;
    }
}

using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>A shared folder as users of a Debian system have it: git, an archive of ten thousand files, extended attributes, links that point out.</summary>
public sealed class DebianShareTests : IDisposable
{
    private const int FileCount = 10_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task GitAndTenThousandFilesWorkAndNoLinkIsFollowedOut()
    {
        var share = Directory.CreateDirectory(Path.Combine(_folder.FullName, "share")).FullName;
        File.WriteAllText(Path.Combine(_folder.FullName, "secret"), "SECRET");
        File.CreateSymbolicLink(Path.Combine(share, "relative"), "../secret");
        File.CreateSymbolicLink(Path.Combine(share, "absolute"), Path.Combine(_folder.FullName, "secret"));
        Directory.CreateSymbolicLink(Path.Combine(share, "out"), "..");
        var sum = await MakeArchiveAsync(share);
        await using var machine = Create(share, """
            modprobe 9p; modprobe 9pnet_virtio
            mkdir -p /share; mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 host /share; echo MOUNT=$?
            cd /share
            export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b HOME=/tmp
            git config --global safe.directory '*'
            git init -q source; cp -r /etc/systemd /etc/ssl source/; (cd source; git add -A; git commit -qm one; echo more > more; git add more; git commit -qm two; git gc -q); echo COMMIT=$?
            git clone -q file:///share/source clone; echo CLONE=$?
            git -C clone fsck --full >/dev/null 2>&1; echo FSCK=$?
            [ "$(git -C clone rev-parse HEAD)" = "$(git -C source rev-parse HEAD)" ] && [ -z "$(git -C clone status --porcelain)" ]; echo SAME=$?
            mkdir unpacked; tar xf many.tar -C unpacked; echo TAR=$?
            find unpacked -type f | wc -l | sed 's/^/FILES=/'
            find unpacked -type f | LC_ALL=C sort | xargs cat | sha256sum
            cat relative absolute out/secret 2>&1 | grep -c SECRET | sed 's/^/LEAKS=/'
            echo overwritten > relative 2>/dev/null; echo overwritten > out/secret 2>/dev/null
            echo one > new; mv new unpacked/renamed; mv unpacked moved; [ "$(cat moved/renamed)" = one ]; echo RENAME=$?
            dd if=/dev/urandom of=synced bs=64k count=16 conv=fsync 2>/dev/null; echo FSYNC=$?
            perl -e '$n = "user.test\0"; $v = "value"; $f = "synced\0"; exit(1) if syscall(5, $f, $n, $v, 5, 0) != 0; $b = "\0" x 9; exit(2) if syscall(8, $f, $n, $b, 9) != 5; exit(substr($b, 0, 5) eq "value" ? 0 : 3)'; echo XATTR=$?
            rm -rf moved; echo REMOVE=$?
            cd /; umount /share; echo UMOUNT=$?
            echo SERVED
            """);
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("login: ", s_patience);
        await TypeAsync(machine, "root", "Password: ");
        await TypeAsync(machine, "root", "~# ");
        await TypeAsync(machine, "tr -d '\\0' < /dev/vdb > /tmp/run.sh; bash /tmp/run.sh", "\nSERVED");
        var text = machine.Console.Text;
        foreach (var line in (ReadOnlySpan<string>)
            ["MOUNT=0", "COMMIT=0", "CLONE=0", "FSCK=0", "SAME=0", "TAR=0", $"FILES={FileCount}", "LEAKS=0", "RENAME=0", "FSYNC=0", "REMOVE=0", "UMOUNT=0"])
            Assert.Contains($"\n{line}\r\n", text, StringComparison.Ordinal);
        Assert.Contains(sum + "  -", text, StringComparison.Ordinal);
        Assert.Equal("SECRET", File.ReadAllText(Path.Combine(_folder.FullName, "secret")));
        Assert.Equal(1 << 20, new FileInfo(Path.Combine(share, "synced")).Length);
        Assert.False(Directory.Exists(Path.Combine(share, "moved")));

        // As far as the host's file system has such attributes.
        if (HostHasAttributes())
            Assert.Contains("\nXATTR=0\r\n", text, StringComparison.Ordinal);
        machine.Console.Type("poweroff\r");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(s_patience)).End);
    }

    /// <summary>An archive of small files, made by tar on the host; the result is the sum of their contents in the order of their names.</summary>
    private async Task<string> MakeArchiveAsync(string share)
    {
        var many = Directory.CreateDirectory(Path.Combine(_folder.FullName, "many")).FullName;
        var names = new List<string>();
        for (var i = 0; i < FileCount; i++)
        {
            var name = $"{i / 100:d3}/{i:d5}";
            Directory.CreateDirectory(Path.Combine(many, $"{i / 100:d3}"));
            File.WriteAllText(Path.Combine(many, name), new string((char)('a' + i % 26), i % 3000) + i);
            names.Add(name);
        }

        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in names.Order(StringComparer.Ordinal))
            sum.AppendData(File.ReadAllBytes(Path.Combine(many, name)));
        using var tar = Process.Start("tar", ["-C", many, "-cf", Path.Combine(share, "many.tar"), "."]);
        await tar.WaitForExitAsync();
        Directory.Delete(many, recursive: true);
        return Convert.ToHexStringLower(sum.GetHashAndReset());
    }

    private bool HostHasAttributes()
    {
        try
        {
            using var set = Process.Start("setfattr", ["-n", "user.test", "-v", "x", _folder.FullName]);
            set.WaitForExit();
            return set.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static async Task TypeAsync(VirtualMachine machine, string line, string answer)
    {
        machine.Console.Type(line + "\r");
        await machine.WaitForConsoleAsync(answer, s_patience);
    }

    private VirtualMachine Create(string share, string script)
    {
        var disk = Path.Combine(_folder.FullName, "script.img");
        var bytes = new byte[64 << 10];
        Encoding.UTF8.GetBytes(script.ReplaceLineEndings("\n") + "\n", bytes);
        File.WriteAllBytes(disk, bytes);
        return VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestFiles.Find("debian/Image"),
            Initrd = GuestFiles.Find("debian/initrd.img"),
            Append = "console=ttyAMA0 root=/dev/vda rw",
            Disks = [new DiskConfig(GuestFiles.Find("debian/root.img"), DiskMode.Snapshot), new DiskConfig(disk, DiskMode.ReadOnly)],
            Shares = [new ShareConfig(share, "host")],
            NoReboot = true,
        });
    }
}

using System.Text;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>A trusted platform module under EDK2 and Linux, where swtpm is installed.</summary>
public sealed class LinuxTpmTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>EDK2 measures what it starts where it is built to (Debian's 2022.11 is, 2026.08 is not); Linux finds the module by ACPI, and a command's bytes come back as random ones.</summary>
    [Theory]
    [InlineData("QEMU_EFI.fd", true)]
    [InlineData("edk2-new/QEMU_EFI.fd", false)]
    public async Task ACommandBufferServesFirmwareAndLinux(string firmware, bool measures)
    {
        var text = await RunAsync(
            """
            cat /sys/class/tpm/tpm0/tpm_version_major | sed 's/^/VERSION=/'
            cat /sys/class/tpm/tpm0/pcr-sha256/0 | sed 's/^/PCR0=/'
            exec 3<>/dev/tpm0; printf '\200\001\000\000\000\014\000\000\001\173\000\010' >&3; dd bs=64 count=1 <&3 2>/dev/null | hexdump -ve '1/1 "%02x"' | sed 's/^/RANDOM=/'; echo
            dmesg | grep -o 'TPMEventLog=0x[0-9a-f]*'
            """,
            config => config with { Firmware = GuestFiles.Find(firmware), Tpm = new TpmConfig(State, TpmInterface.Crb) });
        Assert.Contains("VERSION=2", text, StringComparison.Ordinal);
        Assert.Contains("RANDOM=800100000014000000000008", text, StringComparison.Ordinal);
        Assert.Matches("PCR0=[0-9A-F]{64}", text);
        Assert.Equal(measures, text.Contains("TPMEventLog=0x", StringComparison.Ordinal));
        Assert.Equal(measures, !text.Contains("PCR0=0000000000000000", StringComparison.Ordinal));
    }

    /// <summary>EDK2 finds the registers by the device tree, and Linux is told of its log.</summary>
    [Fact]
    public async Task Edk2MeasuresThroughTheFifo()
    {
        var text = await RunAsync(
            "dmesg | grep -o 'TPMEventLog=0x[0-9a-f]*'; ls -d /sys/bus/acpi/devices/MSFT0101:00",
            config => config with { Firmware = GuestFiles.Find("QEMU_EFI.fd"), Tpm = new TpmConfig(State) });
        Assert.Contains("TPMEventLog=0x", text, StringComparison.Ordinal);
        Assert.Contains("/sys/bus/acpi/devices/MSFT0101:00", text, StringComparison.Ordinal);
    }

    /// <summary>Debian's kernels have no driver for the registers on this board; a script of its own gives TPM2_Startup and TPM2_GetRandom.</summary>
    [Fact]
    public async Task TheFifoTakesCommandsFromUnderLinux()
    {
        var text = await RunAsync(
            """
            tr '\000' '\n' < /proc/device-tree/platform-bus@c000000/tpm_tis@0/compatible
            reg() { devmem $((0x0C000000 + $1)) $2 $3; }
            command() {
              reg 0x18 32 0x40; until [ $(($(reg 0x18 32) & 0x40)) != 0 ]; do :; done
              for byte in $*; do reg 0x24 8 0x$byte; done
              reg 0x18 32 0x20; until [ $(($(reg 0x18 32) & 0x10)) != 0 ]; do :; done
              while [ $(($(reg 0x18 32) & 0x10)) != 0 ]; do printf %02x $(reg 0x24 8); done; echo
            }
            reg 0 8 2
            echo STARTUP=$(command 80 01 00 00 00 0c 00 00 01 44 00 00)
            echo RANDOM=$(command 80 01 00 00 00 0c 00 00 01 7b 00 08)
            """,
            config => config with { Tpm = new TpmConfig(State) });
        Assert.Contains("tcg,tpm-tis-mmio", text, StringComparison.Ordinal);
        Assert.Contains("STARTUP=80010000000a00000000", text, StringComparison.Ordinal);
        Assert.Contains("RANDOM=800100000014000000000008", text, StringComparison.Ordinal);
    }

    private string State => Path.Combine(_folder.FullName, "tpm");

    /// <summary>Runs a script in the initial RAM disk; returns what it printed.</summary>
    private async Task<string> RunAsync(string script, Func<MachineConfig, MachineConfig> change)
    {
        OptionalTool.Require("swtpm", "apt install swtpm");
        var disk = Path.Combine(_folder.FullName, "script");
        var bytes = new byte[64 << 10];
        Encoding.UTF8.GetBytes(script.ReplaceLineEndings("\n") + "\n", bytes);
        File.WriteAllBytes(disk, bytes);
        await using var machine = VirtualMachine.Create(change(new MachineConfig
        {
            Kernel = GuestFiles.Find("Image"),
            Initrd = GuestFiles.Find("initrd.gz"),
            Append = "console=ttyAMA0 panic=-1 script=initrd iomem=relaxed",
            NoReboot = true,
            Disks = [new DiskConfig(disk, DiskMode.ReadOnly)],
        }));
        Assert.Equal(RunEnd.PowerOff, (await machine.RunAsync(TestContext.Current.CancellationToken).WaitAsync(GuestFiles.Patience)).End);
        return machine.Console.Text;
    }
}

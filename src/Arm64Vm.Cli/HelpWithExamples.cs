using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Arm64Vm.Cli;

/// <summary>The usual help, and after it statuses of and examples for the command.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        var status = usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var command = parseResult.CommandResult.Command;
        var name = command.Parents.OfType<Command>().Any(parent => parent.Name == "cache") ? "cache"
            : command.Parents.OfType<Command>().Any(parent => parent.Name == "image") && command.Name == "info" ? "image info" : command.Name;
        Write(output, "Status:", Statuses(name));
        Write(output, "Examples:", Examples(name));
        return status;
    }

    private static void Write(TextWriter output, string heading, IReadOnlyList<string> lines)
    {
        if (lines.Count == 0)
            return;
        output.WriteLine(heading);
        foreach (var line in lines)
            output.WriteLine("  " + line);
        output.WriteLine();
    }

    private static IReadOnlyList<string> Statuses(string command) => command switch
    {
        "boot" =>
        [
            "0      the guest switched the machine off, or printed an --until text",
            "any    the guest's own status, for a semihosting exit",
            "1      a failure: a file, the host, a --fail text, output that could not be written",
            "2      wrong usage; nothing was opened",
            "121    the guest reset the machine, with --no-reboot",
            "122    quit from the menu",
            "123    the machine ended after a panic of the guest's kernel",
            "124    time-out",
            "128+n  ended by signal n",
        ],
        "profile" =>
        [
            "0      the profile is written, and the guest ended well, or --until or --duration ended it",
            "any    as 'boot'; the profile is written all the same",
        ],
        "report" =>
        [
            "0      shown; with --check: every rule holds",
            "1      a rule is broken, or a failure",
            "2      wrong usage",
        ],
        "lockstep" =>
        [
            "0      no difference up to the guest's end or the limit",
            "1      a difference, or another failure",
            "2      wrong usage; nothing was opened",
            "120    the guest waits for an interrupt that will never come",
            "124    time-out",
        ],
        "bench" =>
        [
            "0      every run ended as expected, and nothing has become slower",
            "1      a run failed, or another failure",
            "2      wrong usage",
            "3      with --baseline: a workload, or all together, slower beyond noise",
            "128+n  ended by signal n; what was measured until then is printed",
        ],
        "verify" =>
        [
            "0      every vector has the recorded outcome",
            "1      one differs, or another failure",
            "2      wrong usage",
        ],
        _ => [],
    };

    private static IReadOnlyList<string> Examples(string command) => command switch
    {
        "boot" =>
        [
            "arm64vm boot                                      the embedded firmware: self-tests and measurements",
            "arm64vm boot --append \"kernels=none\"              its self-tests only",
            "arm64vm boot --kernel Image --initrd initramfs.gz --append \"console=ttyAMA0\" --memory 2G",
            "arm64vm boot --kernel Image --disk root.img,snapshot --append \"console=ttyAMA0 root=/dev/vda\" --stats",
            "arm64vm boot --firmware QEMU_EFI.fd --serial file:console.log --timeout 60",
            "arm64vm boot --kernel test.elf --backend interpreter --until PASS --log exceptions,mmio",
            "arm64vm boot --kernel Image --append \"console=ttyAMA0\" --serial pty            then: screen /dev/pts/N",
            "arm64vm boot --kernel Image --serial stdio --serial file:console.log --serial2 tcp::4445,server,nowait",
            "arm64vm boot --kernel Image --serial unix:/run/user/1000/console,server     then: socat -,raw,echo=0 UNIX:/run/user/1000/console",
            "arm64vm boot --kernel test.elf --trace exceptions,mmio,irq --trace-file run.trace",
            "arm64vm boot --kernel test.elf --trace exec --trace-format json --trace-file run.json --trace-range 0x40080000-0x40080fff",
            "arm64vm boot --copies 100 --prefix --memory 64M --append \"kernels=none idle\"",
        ],
        "cache" =>
        [
            "arm64vm cache info                                how much code is kept, and where",
            "arm64vm cache info --json --code-cache DIR",
            "arm64vm cache clear",
        ],
        "profile" =>
        [
            "arm64vm profile --output p                        the embedded firmware; then: arm64vm report p",
            "arm64vm profile --output p --exact --append \"kernels=sort\"",
            "arm64vm profile --output p --kernel Image --initrd initramfs.gz --append \"console=ttyAMA0\" --until \"login:\"",
            "arm64vm profile --output p --kernel Image --disk root.img,snapshot --duration 60 --symbols rootfs/usr/bin",
            "perf record -k mono -e cpu-clock arm64vm profile --output p --jitdump .; perf inject --jit -i perf.data -o perf.jit",
        ],
        "report" =>
        [
            "arm64vm report p",
            "arm64vm report p --annotate memcpy --lines 3",
            "arm64vm report before --diff after",
            "arm64vm report p --check \"translate < 10%\" --check \"retranslations < 1000\"",
            "arm64vm report p --json | jq .findings",
            "arm64vm report p --html p.html                    a page for a browser",
            "arm64vm report p --export speedscope=p.json       then: speedscope p.json",
            "arm64vm report p --export pprof=p.pb.gz           then: go tool pprof -http : p.pb.gz",
            "arm64vm report p --export collapsed | flamegraph.pl > p.svg",
        ],
        "top" =>
        [
            "arm64vm top                                       the machines of the only process that runs some",
            "arm64vm top 4711 --json --count 10 --interval 0.5",
        ],
        "bench" =>
        [
            "arm64vm bench --suite kernels                     the embedded firmware's kernels; needs no files",
            "arm64vm bench --suite linux --filter 'gzip' --filter 'sha*' --rounds 5",
            "arm64vm bench --json before.json --rounds 5       … change something …",
            "arm64vm bench --baseline before.json --rounds 5 --html report.html",
            "arm64vm bench --peer /opt/qemu/bin/qemu-system-aarch64 --suite boot --markdown",
            "arm64vm bench --suite linux --native ~/.cache/arm64vm-guests/native",
            "arm64vm bench --kernel Image --initrd initrd.gz --append console=ttyAMA0 --until \"login:\"",
        ],
        "verify" =>
        [
            "arm64vm verify                                    the embedded vectors on every tier",
            "arm64vm verify tests/vectors --backend interpreter --json",
        ],
        "disasm" =>
        [
            "arm64vm disasm d503201f d65f03c0",
            "arm64vm disasm vmlinux.elf | less",
            "arm64vm disasm firmware.bin --base 0x40000000",
        ],
        "lockstep" =>
        [
            "arm64vm lockstep                                  the embedded firmware on both executors",
            "arm64vm lockstep test.elf --memory 64M --limit 1000000",
        ],
        "image info" => ["arm64vm image info disk.qcow2", "arm64vm image info --json disk.qcow2 | jq .size"],
        "info" => ["arm64vm info", "arm64vm info --coverage"],
        "image" =>
        [
            "arm64vm image create disk.qcow2 20G",
            "arm64vm image convert --help",
        ],
        "create" =>
        [
            "arm64vm image create disk.qcow2 20G",
            "arm64vm image create test.qcow2 --backing debian.qcow2     what the guest writes stays out of debian.qcow2",
            "arm64vm image create disk.img 8G                           a raw image, all of it a hole",
        ],
        "convert" =>
        [
            "arm64vm image convert disk.img disk.qcow2",
            "arm64vm image convert --compress test.qcow2 whole.qcow2    backing files included",
            "arm64vm image convert disk.qcow2 disk.img --force",
            "arm64vm image convert appliance.vmdk disk.qcow2            VMDK and VHDX are recognized, and only read",
        ],
        "check" => ["arm64vm image check disk.qcow2", "arm64vm image check --repair disk.qcow2 --json"],
        "resize" => ["arm64vm image resize disk.qcow2 +10G", "arm64vm image resize disk.img 4G --shrink"],
        "completion" =>
        [
            "eval \"$(arm64vm completion bash)\"",
            "arm64vm completion zsh > ~/.zfunc/_arm64vm",
            "arm64vm completion fish > ~/.config/fish/completions/arm64vm.fish",
        ],
        _ =>
        [
            "arm64vm boot --kernel Image --append \"console=ttyAMA0\"",
            "arm64vm boot --help",
        ],
    };
}

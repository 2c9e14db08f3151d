using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Arm64Vm.Cli;

/// <summary>The usual help, and after it examples for the command.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        var status = usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var line in Of(parseResult.CommandResult.Command.Name))
            output.WriteLine("  " + line);
        output.WriteLine();
        return status;
    }

    private static IReadOnlyList<string> Of(string command) => command switch
    {
        "boot" =>
        [
            "arm64vm boot                                      the embedded firmware: self-tests and measurements",
            "arm64vm boot --append \"kernels=none\"              its self-tests only",
            "arm64vm boot --kernel Image --initrd initramfs.gz --append \"console=ttyAMA0\" --memory 2G",
            "arm64vm boot --kernel Image --disk root.img,snapshot --append \"console=ttyAMA0 root=/dev/vda\" --stats",
            "arm64vm boot --firmware QEMU_EFI.fd --serial file:console.log --timeout 60",
            "arm64vm boot --kernel test.elf --backend interpreter --until PASS --log exceptions,mmio",
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
        "info" => ["arm64vm info", "arm64vm info --coverage"],
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

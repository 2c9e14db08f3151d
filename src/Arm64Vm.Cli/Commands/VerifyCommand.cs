using System.CommandLine;
using System.Runtime.CompilerServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Cli.Verification;
using Arm64Vm.Machine;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Cli.Commands;

/// <summary><c>arm64vm verify</c>: instruction vectors against the executors.</summary>
internal static class VerifyCommand
{
    public static Command Make(CliStreams streams)
    {
        Argument<string?> directory = new("dir") { Description = "Folder of vectors; without it those in the product", HelpName = "DIR", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> backend = new("--backend") { Description = "What executes them; without it x64, or il where the host is not x86-64-v3", HelpName = "x64|il|interpreter" };
        backend.AcceptOnlyFromAmong("x64", "il", "interpreter");
        Option<string> tier = new("--tier") { Description = "Translation tier: 0 without optimization, 1 with", HelpName = "all|N", DefaultValueFactory = _ => "all" };
        tier.AcceptOnlyFromAmong(["all", .. VerificationRun.TierNames]);
        Option<bool> json = new("--json") { Description = "Report as JSON" };
        var command = new Command("verify", "Runs instruction vectors and compares every register, flag and byte of memory.") { directory, backend, tier, json };
        NotEmpty.Require(directory, "the folder's name");
        command.SetAction(parsed =>
        {
            var runner = Open(parsed.GetValue(directory));
            var run = new VerificationRun(runner, Choose(MachineOptions.ParseBackend(parsed.GetValue(backend) ?? "auto")), HostFeatures.Detect());
            IVerificationReport report = parsed.GetValue(json) ? new JsonVerificationReport(streams.Text) : new TextVerificationReport(streams.Text);
            return run.Execute(parsed.GetValue(tier)!, report) ? ExitStatus.Success : ExitStatus.Failure;
        });
        return command;
    }

    private static ExecutionBackend Choose(ExecutionBackend asked)
    {
        var meetsBaseline = HostFeatures.Detect().MeetsBaseline;
        return asked switch
        {
            ExecutionBackend.X64 when !meetsBaseline => throw CliException.Failure("the x64 back end needs an x86-64-v3 host"),
            ExecutionBackend.Auto when meetsBaseline => ExecutionBackend.X64,
            ExecutionBackend.Auto => RuntimeFeature.IsDynamicCodeSupported ? ExecutionBackend.Il : ExecutionBackend.Interpreter,
            _ => asked,
        };
    }

    private static VectorRunner Open(string? directory)
    {
        if (directory is null)
            return new VectorRunner(name => typeof(VerifyCommand).Assembly.GetManifestResourceStream("vectors/" + name));
        if (!Directory.Exists(directory))
            throw CliException.Failure($"there is no folder '{directory}'");
        if (!File.Exists(Path.Combine(directory, "states.bin")))
            throw CliException.Failure($"there are no vectors in '{directory}': states.bin is missing");
        return new VectorRunner(directory);
    }
}

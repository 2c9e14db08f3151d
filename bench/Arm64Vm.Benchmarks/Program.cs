using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Arm64Vm.Benchmarks;

/// <summary>Parts of the product, measured one by one. See README.md for commands.</summary>
internal static class Program
{
    private static void Main(string[] args)
    {
        // In process unless a runtime is named: no second build, and the same code that the tests run.
        bool otherToolchain = args.Any(argument => argument is "--runtimes" or "-r" or "--job" or "-j");
        IConfig config = DefaultConfig.Instance;
        if (!otherToolchain)
        {
            config = config.AddJob(Job.ShortRun
                .WithToolchain(InProcessEmitToolchain.Instance));
        }

        if (args is ["backends", ..])
        {
            BackEndTable.Print(config);
            return;
        }

        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
    }
}

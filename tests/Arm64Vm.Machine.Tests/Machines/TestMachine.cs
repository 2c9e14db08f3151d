namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Machines for tests: small, and never running for ever.</summary>
internal static class TestMachine
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<ExecutionBackend> Backends => [ExecutionBackend.Auto, ExecutionBackend.Il, ExecutionBackend.Interpreter];

    public static MachineConfig Config(TestProgram program, ExecutionBackend backend = ExecutionBackend.Auto) => new()
    {
        Kernel = program.ToElf(),
        Memory = 64 << 20,
        Backend = backend,
    };

    public static async Task<RunResult> RunAsync(VirtualMachine machine) => await machine.RunAsync().WaitAsync(Patience);

    public static byte[] Firmware()
    {
        using var resource = typeof(TestMachine).Assembly.GetManifestResourceStream("arm64vm-firmware.elf")!;
        var image = new byte[resource.Length];
        resource.ReadExactly(image);
        return image;
    }
}

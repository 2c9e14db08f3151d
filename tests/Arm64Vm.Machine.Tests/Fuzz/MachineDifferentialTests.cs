using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Arm64Vm.Devices.Clock;

namespace Arm64Vm.Machine.Tests.Fuzz;

/// <summary>Random guests with exceptions, an MMU, self-modifying code and devices end in the same state with emitted code and with the interpreter.</summary>
/// <remarks>Time stands still, so that nothing but the guest decides. How long, and from which seed: <see cref="FuzzSeeds"/>.</remarks>
[Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
public class MachineDifferentialTests
{
    private const int Exceptions = 100;
    private const int ImageBytes = 0x4_0000;

    /// <summary>What the interpreter certainly does in its time. Emitted code does ten times as many in its own: a guest may go round a loop 67 million times.</summary>
    private const ulong MostInstructions = 20_000_000;

    private static readonly TimeSpan TimeOfEmitted = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan TimeOfInterpreter = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task BothBackEndsEndInTheSameState()
    {
        int compared = 0, guests = 0;
        StringBuilder failures = new();
        foreach (int seed in FuzzSeeds.For(TimeSpan.FromSeconds(6)))
        {
            guests++;
            if (FuzzSeeds.IsLong)
                await Console.Error.WriteLineAsync($"seed {seed}");
            byte[] file = new FuzzGuest(seed, hasTimer: false, Exceptions).File;
            string? emitted = await StateAfter(file, ExecutionBackend.X64, TimeOfEmitted);
            if (emitted is null)
                continue;
            string? interpreted = await StateAfter(file, ExecutionBackend.Interpreter, TimeOfInterpreter);
            if (interpreted is null && await InstructionsOf(file) > MostInstructions)
                continue;
            compared++;
            if (emitted != interpreted)
                failures.AppendLine(CultureInfo.InvariantCulture, $"seed {seed}").AppendLine(Difference(emitted, interpreted ?? "did not end"));
        }

        Assert.True(failures.Length == 0, failures.ToString());
        Assert.True(compared > 0, $"none of {guests} guests reached {Exceptions} exceptions");
    }

    /// <summary>Registers and memory at the guest's end, or null where it did not end.</summary>
    private static async Task<string?> StateAfter(byte[] file, ExecutionBackend backend, TimeSpan limit)
    {
        await using VirtualMachine vm = VirtualMachine.Create(ConfigOf(file, backend));
        RunResult result = await GuestRun.For(vm, limit);
        if (result.End == RunEnd.Stopped)
            return null;

        CpuRegisters registers = vm.ReadRegisters();
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{result.End} {result.ExitCode} pc {registers.Pc:x} pstate {registers.ProcessorState:x} fpcr {registers.Fpcr:x} fpsr {registers.Fpsr:x} sp {registers.StackPointer:x}");
        for (int i = 0; i < registers.X.Count; i++)
            text.AppendLine(CultureInfo.InvariantCulture, $"x{i} {registers.X[i]:x}");
        for (int i = 0; i < registers.V.Count; i++)
            text.AppendLine(CultureInfo.InvariantCulture, $"v{i} {registers.V[i]:x}");
        foreach ((ushort encoding, ulong value) in registers.System.OrderBy(pair => pair.Key))
            text.AppendLine(CultureInfo.InvariantCulture, $"system {encoding:x} {value:x}");

        byte[] image = new byte[ImageBytes];
        Assert.True(vm.TryReadMemory(GuestElf.Base, image));
        for (int page = 0; page < ImageBytes; page += 4096)
            text.AppendLine(CultureInfo.InvariantCulture, $"page {page:x} {Convert.ToHexString(SHA256.HashData(image.AsSpan(page, 4096)), 0, 8)}");
        return text.ToString();
    }

    /// <summary>How many instructions the guest executes; code that counts them is not what is compared.</summary>
    private static async Task<ulong> InstructionsOf(byte[] file)
    {
        await using VirtualMachine vm = VirtualMachine.Create(ConfigOf(file, ExecutionBackend.X64) with { TracksPhases = true });
        await GuestRun.For(vm, TimeOfInterpreter);
        return vm.GetStatistics().Instructions ?? 0;
    }

    private static MachineConfig ConfigOf(byte[] file, ExecutionBackend backend) => new()
    {
        Memory = GuestRun.Memory,
        Kernel = file,
        Backend = backend,
        NoReboot = true,
        RandomSeed = 1,
        Clock = new ManualClock(),
    };

    private static string Difference(string emitted, string interpreted)
    {
        string[] left = emitted.Split('\n'), right = interpreted.Split('\n');
        IEnumerable<string> lines = Enumerable.Range(0, left.Length)
            .Where(i => i >= right.Length || left[i] != right[i])
            .Select(i => $"  emitted {left[i]}  interpreted {(i < right.Length ? right[i] : "nothing")}");
        return string.Join('\n', lines.Take(20));
    }
}

using System.Diagnostics;
using System.Globalization;
using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Machine.Tests.Fuzz;

/// <summary>Random instructions at both exception levels, with the MMU off and on, with devices in reach: the process survives and the guest stops when told to.</summary>
/// <remarks>
/// ARM64VM_FUZZ_SECONDS makes a long run, ARM64VM_FUZZ_SEED sets the first seed (one seed is one guest). A long run names each seed on
/// standard error before it starts, since a crash of the process leaves nothing else behind.
/// </remarks>
public class MachineFuzzTests
{
    private static readonly TimeSpan TimeOfOne = TimeSpan.FromMilliseconds(80);

    [Fact]
    public async Task TheProcessSurvivesRandomGuests()
    {
        bool isLong = int.TryParse(Environment.GetEnvironmentVariable("ARM64VM_FUZZ_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds);
        if (!int.TryParse(Environment.GetEnvironmentVariable("ARM64VM_FUZZ_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out int seed))
            seed = 1;
        long end = Stopwatch.GetTimestamp() + ((isLong ? seconds : 6) * Stopwatch.Frequency);
        ulong exceptions = 0;
        using TemporaryDisk disk = new(64 * 1024);
        int guests = 0;
        for (; guests == 0 || Stopwatch.GetTimestamp() < end; seed++, guests++)
        {
            if (isLong)
                await Console.Error.WriteLineAsync($"seed {seed}");
            ExecutionBackend backend = seed % 5 == 4 ? ExecutionBackend.Interpreter : ExecutionBackend.Auto;
            GicVersion gic = seed % 3 == 2 ? GicVersion.V2 : GicVersion.V3;
            try
            {
                (_, ulong count) = await GuestRun.For(new FuzzGuest(seed, hasTimer: gic == GicVersion.V3).File, isLong ? 4 * TimeOfOne : TimeOfOne, backend, gic, FuzzGuest.CounterAddress, disk.Path);
                exceptions += count;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }

        // Some guests get stuck at once; most do not.
        Assert.True(exceptions > (ulong)guests * 20, $"{guests} guests took {exceptions} exceptions: too few to test anything");
        TestContext.Current.SendDiagnosticMessage($"{guests} guests, {exceptions} exceptions");
    }
}

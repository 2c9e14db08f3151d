using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Machine.Tests.Fuzz;

/// <summary>Random instructions at both exception levels, with the MMU off and on, with devices in reach: the process survives and the guest stops when told to.</summary>
/// <remarks>
/// One seed is one guest; how long, and from which seed: <see cref="FuzzSeeds"/>. A long run names each seed on standard error before it
/// starts, since a crash of the process leaves nothing else behind.
/// </remarks>
[Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
public class MachineFuzzTests
{
    private static readonly TimeSpan TimeOfOne = TimeSpan.FromMilliseconds(80);

    [Fact]
    public async Task TheProcessSurvivesRandomGuests()
    {
        ulong exceptions = 0;
        using TemporaryDisk disk = new(64 * 1024);
        int guests = 0;
        foreach (int seed in FuzzSeeds.For(TimeSpan.FromSeconds(6)))
        {
            guests++;
            if (FuzzSeeds.IsLong)
                await Console.Error.WriteLineAsync($"seed {seed}");
            ExecutionBackend backend = seed % 5 == 4 ? ExecutionBackend.Interpreter : ExecutionBackend.Auto;
            GicVersion gic = seed % 3 == 2 ? GicVersion.V2 : GicVersion.V3;
            try
            {
                (_, ulong count) = await GuestRun.For(new FuzzGuest(seed, hasTimer: gic == GicVersion.V3).File, FuzzSeeds.IsLong ? 4 * TimeOfOne : TimeOfOne, backend, gic, FuzzGuest.CounterAddress, disk.Path);
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

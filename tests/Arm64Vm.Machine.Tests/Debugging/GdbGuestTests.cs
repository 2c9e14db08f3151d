using System.Globalization;
using Arm64Vm.Machine.Debugging.Gdb;
using Arm64Vm.Machine.Tests.Guests;

namespace Arm64Vm.Machine.Tests.Debugging;

/// <summary>Stock gdb-multiarch on stock firmware.</summary>
public sealed class GdbGuestTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("arm64vm-gdb").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>U-Boot starts in flash: breakpoints work in ROM and before the MMU is on.</summary>
    [Fact]
    public async Task UBootIsDebuggedFromItsFirstInstruction()
    {
        using var gdb = await GdbProcess.StartAsync();
        await using var machine = VirtualMachine.Create(new MachineConfig { Firmware = GuestFiles.Find("u-boot.bin"), StartsPaused = true });
        await using var server = GdbServer.Start(machine, "unix:" + Socket);
        _ = machine.RunAsync(TestContext.Current.CancellationToken);
        Assert.Contains("0x0000000000000000", await gdb.DoAsync($"target remote {Socket}"), StringComparison.Ordinal);
        var first = await gdb.DoAsync("x/2i $pc");
        Assert.Contains("=> 0x0:", first, StringComparison.Ordinal);
        await gdb.DoAsync("stepi");
        var start = await NumberAsync(gdb, "$pc");
        Assert.NotEqual(0UL, start);

        // The instruction after the next, in ROM, as a breakpoint; the bytes are the guest's own.
        await gdb.DoAsync("stepi");
        var place = await NumberAsync(gdb, "$pc");
        var bytes = await gdb.DoAsync($"x/wx {place}");
        await gdb.DoAsync("monitor system_reset");
        await gdb.DoAsync($"break *{place}");
        Assert.Contains("Breakpoint 1,", await gdb.DoAsync("continue"), StringComparison.Ordinal);
        Assert.Equal(place, await NumberAsync(gdb, "$pc"));
        Assert.Equal(bytes, await gdb.DoAsync($"x/wx {place}"));
        await gdb.DoAsync("delete");

        // Full speed to the prompt, and Ctrl-C there.
        await gdb.SendAsync("continue");
        await machine.WaitForConsoleAsync("=> ", GuestFiles.Patience);
        gdb.Interrupt();
        Assert.Contains("SIGINT", await gdb.AnswerAsync(), StringComparison.Ordinal);
        Assert.Contains("VBAR_EL1", await gdb.DoAsync("info registers VBAR_EL1"), StringComparison.Ordinal);
        Assert.Contains("u = {", await gdb.DoAsync("print $v0"), StringComparison.Ordinal);
        await gdb.DoAsync("detach");
        machine.Console.Type("version\r");
        await machine.WaitForConsoleAsync("U-Boot 20", GuestFiles.Patience);
    }

    private string Socket => Path.Combine(_folder, "gdb.sock");

    private static async Task<ulong> NumberAsync(GdbProcess gdb, string expression)
    {
        var text = (await gdb.DoAsync($"printf \"%lx\\n\", (unsigned long){expression}")).Trim().Split(' ', '\n')[^1];
        return ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}

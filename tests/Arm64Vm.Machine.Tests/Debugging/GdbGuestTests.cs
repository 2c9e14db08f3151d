using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Arm64Vm.Machine.Debugging.Gdb;
using Arm64Vm.Machine.Tests.Guests;
using Arm64Vm.Profiling;

namespace Arm64Vm.Machine.Tests.Debugging;

/// <summary>Stock gdb-multiarch on stock firmware and a stock kernel.</summary>
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
        Assert.Contains("VM status: paused", await gdb.MonitorAsync("info status", "VM status: paused"), StringComparison.Ordinal);
        Assert.Contains("uart0", await gdb.MonitorAsync("info mtree", "uart0"), StringComparison.Ordinal);
        await gdb.DoAsync("detach");
        machine.Console.Type("version\r");
        await machine.WaitForConsoleAsync("U-Boot 20", GuestFiles.Patience);
    }

    /// <summary>Two processors; the symbols are the kernel's own, as an ELF file.</summary>
    [Fact]
    public async Task LinuxIsDebuggedWithItsSymbols()
    {
        using var gdb = await GdbProcess.StartAsync();
        await using var machine = VirtualMachine.Create(Linux(cpus: 2));
        await using var server = GdbServer.Start(machine, "unix:" + Socket);
        _ = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("BOOT-OK", GuestFiles.Patience);
        await gdb.DoAsync($"target remote {Socket}");
        var symbols = ReadSymbols(machine);
        symbols.Write(Path.Combine(_folder, "kernel.elf"));
        await gdb.DoAsync($"symbol-file {Path.Combine(_folder, "kernel.elf")}");

        // At full speed, and Ctrl-C.
        await gdb.SendAsync("continue");
        machine.Console.Type("echo RUNS-$((40+2))\n");
        await machine.WaitForConsoleAsync("RUNS-42", GuestFiles.Patience);
        gdb.Interrupt();
        Assert.Contains("SIGINT", await gdb.AnswerAsync(), StringComparison.Ordinal);
        var threads = await gdb.DoAsync("info threads");
        Assert.Contains("CPU#0 [EL", threads, StringComparison.Ordinal);
        Assert.Contains("CPU#1 [EL", threads, StringComparison.Ordinal);
        Assert.Equal(symbols["secondary_start_kernel"], await NumberAsync(gdb, "&secondary_start_kernel"));
        Assert.Contains("interrupts taken", await gdb.MonitorAsync("info irq", "interrupts taken"), StringComparison.Ordinal);

        // From the start again, to a breakpoint by its virtual address before the MMU is on.
        await gdb.DoAsync("monitor system_reset");
        await gdb.DoAsync("break *start_kernel");
        Assert.Contains("in start_kernel ()", await gdb.DoAsync("continue"), StringComparison.Ordinal);
        Assert.Equal(symbols["start_kernel"], await NumberAsync(gdb, "$pc"));
        Assert.Contains("__primary_switched", await gdb.DoAsync("backtrace"), StringComparison.Ordinal);
        await gdb.DoAsync("stepi");
        Assert.Equal(symbols["start_kernel"] + 4, await NumberAsync(gdb, "$pc"));
        Assert.Contains("<start_kernel+4>", await gdb.DoAsync("x/i $pc"), StringComparison.Ordinal);
        Assert.Contains("CPU#1 [off]", await gdb.DoAsync("info threads"), StringComparison.Ordinal);
        Assert.Contains("SCTLR_EL1", await gdb.DoAsync("info registers SCTLR_EL1"), StringComparison.Ordinal);
        await gdb.DoAsync("delete");

        // Who changes a variable, and from where: SYSTEM_BOOTING becomes SYSTEM_SCHEDULING in rest_init().
        await gdb.DoAsync("watch *(int *)&system_state");
        var watched = await gdb.DoAsync("continue");
        Assert.Contains("Old value = 0", watched, StringComparison.Ordinal);
        Assert.Contains("New value = 1", watched, StringComparison.Ordinal);
        Assert.Contains("rest_init", await gdb.DoAsync("backtrace"), StringComparison.Ordinal);
        await gdb.DoAsync("delete");

        // One that changes with every tick.
        await gdb.DoAsync("watch *(unsigned long *)&jiffies_64");
        for (var tick = 0; tick < 3; tick++)
            Assert.Contains("New value = ", await gdb.DoAsync("continue"), StringComparison.Ordinal);
        await gdb.DoAsync("delete");

        // It goes on as if nothing had been.
        Assert.Contains("detached", await gdb.DoAsync("detach"), StringComparison.Ordinal);
        await machine.WaitForConsoleAsync("BOOT-OK", GuestFiles.Patience);
    }

    private string Socket => Path.Combine(_folder, "gdb.sock");

    /// <summary>The kernel's symbols, from its memory, where it has put its addresses into its tables.</summary>
    private static SymbolFile ReadSymbols(VirtualMachine machine)
    {
        var image = new byte[48 << 20];
        Assert.True(machine.TryInspect(board => Assert.True(board.Memory.TryRead(0x4020_0000, image))));
        var symbols = Kallsyms.Find(image);
        Assert.NotNull(symbols);

        // Debian's table has functions only, from _stext on. The image begins at a multiple of 2 MiB (Documentation/arm64/booting.rst).
        var start = symbols.First(symbol => symbol.Name == "_stext").Address & ~0x1F_FFFFUL;
        return new SymbolFile([.. symbols, .. ((string[])["system_state", "jiffies_64"]).Select(name => new Kallsyms.Symbol(start + (ulong)FindExported(image, name), 'D', name))]);
    }

    /// <summary>Where in an image an exported variable is: struct kernel_symbol has distances from itself to value and name (include/linux/export-internal.h).</summary>
    private static int FindExported(ReadOnlySpan<byte> image, string name)
    {
        const int Farthest = 1 << 20;
        var text = Encoding.ASCII.GetBytes(name + "\0");
        for (var at = image.IndexOf(text); at < image.Length; at++)
        {
            for (var entry = Math.Max(0, at - Farthest) & ~3; entry < at - 4; entry += 4)
            {
                if (BinaryPrimitives.ReadInt32LittleEndian(image[(entry + 4)..]) == at - (entry + 4))
                    return entry + BinaryPrimitives.ReadInt32LittleEndian(image[entry..]);
            }

            var next = image[(at + 1)..].IndexOf(text);
            if (next < 0)
                break;
            at += next;
        }

        throw new InvalidOperationException($"The kernel exports no '{name}'.");
    }

    private static MachineConfig Linux(int cpus) => new()
    {
        Cpus = cpus,
        Kernel = GuestFiles.Find("Image"),
        Initrd = GuestFiles.Find("initrd.gz"),
        Append = "console=ttyAMA0 root=/dev/vda nokaslr quiet panic=-1",
        Disks = [new DiskConfig(GuestFiles.Find("rootfs.img"), DiskMode.Snapshot)],
    };

    private static async Task<ulong> NumberAsync(GdbProcess gdb, string expression)
    {
        var text = (await gdb.DoAsync($"printf \"%lx\\n\", (unsigned long){expression}")).Trim().Split(' ', '\n')[^1];
        return ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}

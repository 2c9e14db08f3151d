using System.Globalization;
using System.Text;

namespace Arm64Vm.Machine.Debugging.Monitor;

/// <summary>Commands of a person for a machine, in words that users of QEMU know: GDB's <c>monitor</c> and QMP's human-monitor-command.</summary>
internal sealed class MachineMonitor(VirtualMachine machine)
{
    /// <summary>For a reset.</summary>
    private const int MostMilliseconds = 5000;

    private const string Help = """
        help                      this list
        info cpus                 the processors, and where they are
        info registers [-a]       registers of the current processor, or of all
        info mem                  what its translation tables map (EL1 rights, then EL0)
        info mtree                the physical address space
        info irq                  interrupts that are enabled, pending or active
        info jit                  counters of the translator
        info status               whether the machine runs
        info version              of the program
        x /FORMAT ADDRESS         memory by virtual address, such as x /8xg 0xffff800080000000 or x /4i 0x40080000
        xp /FORMAT ADDRESS        memory by physical address
        stop, cont                pause the machine, let it go on
        system_reset              reset it
        system_powerdown          press its power key
        screendump FILE           the picture on its display, as PNG, or as PPM where the name ends in .ppm
        quit                      end it

        """;

    /// <summary>Carries out a command; what it prints, with a line end. A mistake is said so in what it prints.</summary>
    /// <param name="processor">The processor that commands are about.</param>
    /// <param name="line">The command.</param>
    public async Task<string> ExecuteAsync(int processor, string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        switch (words)
        {
            case []:
                return string.Empty;
            case ["help" or "?", ..]:
                return Help;
            case ["info", var what, .. var options]:
                return Info(processor, what, options);
            case ["stop"]:
                await machine.PauseAsync().ConfigureAwait(false);
                return string.Empty;
            case ["cont" or "c"]:
                machine.Resume();
                return string.Empty;
            case ["system_reset"]:
                await ResetAsync().ConfigureAwait(false);
                return string.Empty;
            case ["system_powerdown"]:
                machine.PressPowerKey();
                return string.Empty;
            case ["quit" or "q"]:
                _ = machine.StopAsync();
                return string.Empty;
            case ["screendump", var file]:
                return Screendump.TryWrite(machine, file, null) is { } error ? error + "\n" : string.Empty;
            case [var command, ..] when command is "x" or "xp" || command.StartsWith("x/", StringComparison.Ordinal) || command.StartsWith("xp/", StringComparison.Ordinal):
                return Look(() => MemoryText.Show(machine, processor, line));
            default:
                return $"unknown command: '{words[0]}'; 'help' lists those that there are\n";
        }
    }

    /// <summary>Resets; a machine that stands has its new board, and stands again, when this completes.</summary>
    private async Task ResetAsync()
    {
        var (stands, stood) = (machine.Stands, machine.State == RunState.Paused);
        machine.Reset();
        for (var waited = 0; stood && machine.Stands == stands && machine.State != RunState.Ended && waited < MostMilliseconds; waited++)
            await Task.Delay(1).ConfigureAwait(false);
    }

    private string Info(int processor, string what, string[] options) => what switch
    {
        "registers" => Look(() => machine.Inspect(board => RegisterText.Show(board, options.Contains("-a") ? null : processor))),
        "cpus" => machine.Inspect(board => RegisterText.List(board, processor)) ?? Describe(),
        "mem" => Look(() => machine.Inspect(board => MapText.Mappings(board, processor))),
        "mtree" => MapText.Tree(machine),
        "irq" => Look(() => machine.Inspect(MapText.Interrupts)),
        "jit" => Counters(),
        "status" => Describe(),
        "version" => $"Arm64Vm {typeof(MachineMonitor).Assembly.GetName().Version?.ToString(3)}\n",
        _ => $"unknown: 'info {what}'; 'help' lists those that there are\n",
    };

    private static string Look(Func<string?> look) => look() ?? "the machine runs: 'stop' it first\n";

    private string Describe() => machine.State switch
    {
        RunState.Running => "VM status: running\n",
        RunState.Paused => "VM status: paused\n",
        RunState.Created => "VM status: prelaunch\n",
        _ => "VM status: shutdown\n",
    };

    private string Counters()
    {
        var text = new StringBuilder();
        var statistics = machine.GetStatistics();
        if (statistics.Translation is not { } jit)
            return "nothing is translated: the interpreter runs\n";
        foreach (var (name, value) in (ReadOnlySpan<(string, long)>)
            [
                ("units", jit.Units), ("guest instructions", jit.GuestInstructions), ("code bytes", jit.CodeBytes), ("links", jit.Links),
                ("invalidated units", jit.Invalidated), ("evicted units", jit.Evicted), ("flushes", jit.Flushes), ("lookups", jit.Lookups),
                ("indirect misses", jit.IndirectMisses), ("memory exits", jit.MemoryExits), ("system exits", jit.SystemExits),
                ("evaluated operations", jit.PureExits), ("faults", jit.Faults), ("fetches", jit.Fetches),
                ("idle releases", statistics.IdleReleases), ("idle bytes released", statistics.IdleBytesReleased),
            ])
        {
            text.Append(CultureInfo.InvariantCulture, $"{name,-22}{value,14}\n");
        }

        foreach (var (reason, count) in statistics.Exits)
            text.Append(CultureInfo.InvariantCulture, $"{"exit: " + reason,-28}{count,8}\n");
        return text.ToString();
    }
}

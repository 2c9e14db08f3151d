using System.CommandLine;
using System.Runtime.CompilerServices;
using Arm64Vm.Cpu;
using Arm64Vm.Machine;
using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Cli.Boot;

/// <summary>The options that say what a machine is and what it boots, shared by the commands that run one.</summary>
internal sealed class MachineOptions
{
    private readonly Option<string?> _firmware = new("--firmware") { Description = "Raw firmware for flash, such as EDK2 or U-Boot", HelpName = "FILE" };
    private readonly Option<string?> _vars = new("--vars") { Description = "Second flash bank, 64 MiB, where firmware keeps its variables; written through. create: the file is made if it is not there", HelpName = "FILE[,create]" };
    private readonly Option<bool> _noAcpi = new("--no-acpi") { Description = "Give firmware no ACPI tables, so that guests use the device tree" };
    private readonly Option<string?> _kernel = new("--kernel") { Description = "Linux Image (raw, gzip, zstd, EFI zboot) or ELF file; neither this nor --firmware: the embedded firmware", HelpName = "FILE" };
    private readonly Option<string?> _initrd = new("--initrd") { Description = "Initial RAM disk for the kernel", HelpName = "FILE" };
    private readonly Option<string> _append = new("--append") { Description = "Kernel command line, or options of the embedded firmware", HelpName = "TEXT", DefaultValueFactory = _ => "" };
    private readonly Option<string?> _deviceTree = new("--dtb") { Description = "Device tree blob instead of the generated one", HelpName = "FILE" };
    private readonly Option<string> _cpu = new("--cpu") { Description = "Processor model: " + string.Join(", ", CpuModels.All.Select(model => model.Name)), HelpName = "MODEL[,pauth=fast|qarma5|off][,bti=on|off]", DefaultValueFactory = _ => CpuModels.Max.Name };
    private readonly Option<int> _cpus = new("--cpus") { Description = "Number of processors, up to 64; up to 8 with a GICv2", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<string> _memory = new("--memory") { Description = "RAM, such as 512M or 2G; a number without a unit is MiB", HelpName = "SIZE", DefaultValueFactory = _ => "1G" };
    private readonly Option<string> _gic = new("--gic") { Description = "Interrupt controller version", HelpName = "2|3", DefaultValueFactory = _ => "3" };
    private readonly Option<string[]> _disks = new("--disk") { Description = "Raw or qcow2 disk image on virtio, the first one vda; may be repeated. readonly, or snapshot: writes are forgotten at the end; the format is recognized unless given", HelpName = DiskOption.Syntax, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
    private readonly Option<string?> _msi = new("--msi") { Description = "What makes interrupts of PCIe messages; by default its with --gic 3, else v2m", HelpName = "its|v2m" };
    private readonly Option<string?> _bus = new("--virtio") { Description = "How virtio devices are reached that do not say it themselves; by default pci with --firmware, else mmio", HelpName = "mmio|pci" };
    private readonly Option<int> _slots = new("--hotplug") { Description = "PCIe slots for devices that are plugged in later, through the library or the control socket", HelpName = "N", DefaultValueFactory = _ => 0 };
    private readonly Option<string[]> _networks = new("--net") { Description = "Network device on virtio; may be repeated. user: the host's connections through passt, no privileges needed; the guest is 10.0.2.15, the host 10.0.2.2", HelpName = NetworkOption.Syntax, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
    private readonly Option<string[]> _shares = new("--share") { Description = "Folder of the host for the guest (9P on virtio); may be repeated. In the guest: mount -t 9p -o trans=virtio NAME /mnt", HelpName = ShareOption.Syntax, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
    private readonly Option<string?> _vsock = new("--vsock") { Description = "Stream sockets between guest and host without a network (AF_VSOCK). PATH is a UNIX socket, made here: 'CONNECT port' there leads to the guest; the guest's connections to port n lead to PATH_n", HelpName = VsockOption.Syntax };
    private readonly Option<bool> _rng = new("--rng") { Description = "A virtio source of random bytes" };
    private readonly Option<bool> _balloon = new("--balloon") { Description = "A virtio memory balloon: what the guest reports as free goes back to the host" };
    private readonly Option<bool> _watchdog = new("--watchdog") { Description = "A watchdog (sbsa_gwdt) that resets a guest which has started it and hangs" };
    private readonly Option<string?> _tpm = new("--tpm") { Description = "A trusted platform module 2.0, through swtpm. DIR keeps its state; it is made if it is not there. crb: for guests that look for one by ACPI only, such as Debian", HelpName = TpmOption.Syntax };
    private readonly Option<bool> _panic = new("--pvpanic") { Description = "A device by which the guest's kernel says that it panicked, which ends the run with status 123" };
    private readonly Option<string> _semihosting = new("--semihosting") { Description = "Who may print and exit through HLT #0xF000: nobody, privileged code, or EL0 as well", HelpName = "off|on|user", DefaultValueFactory = _ => "on" };
    private readonly Option<string[]> _log = new("--log") { Description = "Log to standard error: " + string.Join(", ", LogNames.All), HelpName = "CATEGORY", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = true };
    private readonly Option<string> _backend = new("--backend") { Description = "What executes guest code", HelpName = "auto|x64|il|interpreter", DefaultValueFactory = _ => "auto" };
    private readonly Option<string?> _codeCache = new("--code-cache") { Description = "Folder in which translated code is kept for later runs, or off; on: arm64vm in XDG_CACHE_HOME, which boot does by itself with --kernel or --firmware, or as ARM64VM_CODE_CACHE says", HelpName = "DIR|on|off" };
    private readonly Option<string?> _codeMemory = new("--code-memory") { Description = $"Memory for translated code and its tables, {CodeMemoryRange}, beyond which code is evicted; not less than half a MiB for each processor and 2M. Without: 128M of code, and the tables it needs", HelpName = "SIZE" };
    private readonly bool _hasBackend;

    public MachineOptions(Command command, bool hasBackend)
    {
        _hasBackend = hasBackend;
        _cpu.CompletionSources.Add(context => Completions.OfList(context, [.. CpuModels.All.Select(model => model.Name)], ["pauth=fast", "pauth=qarma5", "pauth=off", "bti=on", "bti=off"]));
        _disks.CompletionSources.Add(context => Completions.OfList(context, [], ["readonly", "snapshot", "format=raw", "format=qcow2"]));
        _vars.CompletionSources.Add(context => Completions.OfList(context, [], ["create"]));
        _networks.CompletionSources.Add(context => Completions.OfList(context, ["user", "tap", "socket"], ["forward=", "host=off", "ifname=", "listen=", "connect=", "mac=", "queues="]));
        _cpu.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && CpuModels.Find(token.Value) is null)
                result.AddError($"--cpu: '{token.Value}' is none of {string.Join(", ", CpuModels.All.Select(model => model.Name))}, with the options ,pauth=fast|qarma5|off and ,bti=on|off");
        });
        foreach (var option in (ReadOnlySpan<Option>)[_firmware, _vars, _kernel, _initrd, _deviceTree])
            NotEmpty.Require(option, "the file's name");
        _gic.AcceptOnlyFromAmong("2", "3");
        _semihosting.AcceptOnlyFromAmong("off", "on", "user");
        _backend.AcceptOnlyFromAmong("auto", "x64", "il", "interpreter");
        _log.CompletionSources.Add(context => Completions.OfList(context, LogNames.All, LogNames.All));
        foreach (var option in (ReadOnlySpan<Option>)[_firmware, _vars, _noAcpi, _kernel, _initrd, _append, _deviceTree, _cpu, _cpus, _memory, _gic, _disks, _networks, _shares, _vsock, _rng, _balloon, _watchdog, _tpm, _panic, _semihosting])
            command.Add(option);
        AddBuses(command);
        NotEmpty.Require(_codeCache, "the folder's name");
        if (hasBackend)
        {
            command.Add(_backend);
            command.Add(_codeCache);
            command.Add(_codeMemory);
        }

        command.Add(_log);
    }

    private void AddBuses(Command command)
    {
        _msi.AcceptOnlyFromAmong("its", "v2m");
        _bus.AcceptOnlyFromAmong("mmio", "pci");
        command.Add(_msi);
        command.Add(_bus);
        command.Add(_slots);
    }

    /// <summary>True where neither kernel nor firmware is given.</summary>
    public bool BootsEmbeddedFirmware(ParseResult parsed) => parsed.GetValue(_kernel) is null && parsed.GetValue(_firmware) is null;

    /// <summary>The file of variables that is to be made if it is not there; null: none.</summary>
    public string? VariablesToMake(ParseResult parsed) => VariablesOption.Parse(parsed.GetValue(_vars)) is (var path, true) ? path : null;

    /// <summary>Makes a configuration, without console.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="kernel">An ELF or Image given in another way.</param>
    /// <param name="messages">Gets the log.</param>
    /// <param name="keepsCode">Translated code is kept for later runs unless something else is said.</param>
    /// <exception cref="CliException">The options are impossible.</exception>
    public MachineConfig Bind(ParseResult parsed, string? kernel, TextWriter messages, bool keepsCode = false)
    {
        if (kernel is not null && parsed.GetValue(_kernel) is not null)
            throw CliException.Usage($"there are two kernels, '{kernel}' and '{parsed.GetValue(_kernel)}' of --kernel; name one");
        kernel ??= parsed.GetValue(_kernel);
        var firmware = parsed.GetValue(_firmware);
        var initrd = parsed.GetValue(_initrd);
        var cpus = parsed.GetValue(_cpus);
        if (cpus is < 1 or > MachineConfig.MaximumCpus)
            throw CliException.Usage($"--cpus: a machine has 1 to {MachineConfig.MaximumCpus} processors, {MachineConfig.MaximumCpusV2} at most with a GICv2");
        if (initrd is not null && kernel is null)
            throw CliException.Usage("--initrd needs --kernel");
        var (vars, _) = VariablesOption.Parse(parsed.GetValue(_vars));
        if (vars is not null && firmware is null)
            throw CliException.Usage("--vars needs --firmware");
        if (kernel is null && firmware is null && parsed.GetValue(_deviceTree) is not null)
            throw CliException.Usage("--dtb needs --kernel or --firmware");
        var log = LogNames.Parse(parsed.GetValue(_log) ?? []);
        var memory = MemorySize.Parse("--memory", parsed.GetValue(_memory)!);
        CheckMemory(memory, parsed.GetValue(_memory)!);
        return new MachineConfig
        {
            Cpu = parsed.GetValue(_cpu)!,
            Cpus = cpus,
            Memory = memory,
            Gic = parsed.GetValue(_gic) == "2" ? GicVersion.V2 : GicVersion.V3,
            Firmware = firmware is null ? null : BootSource.FromFile(firmware),
            Vars = vars,
            Acpi = !parsed.GetValue(_noAcpi),
            Kernel = kernel is null ? null : BootSource.FromFile(kernel),
            Initrd = initrd is null ? null : BootSource.FromFile(initrd),
            DeviceTree = parsed.GetValue(_deviceTree) is { } tree ? BootSource.FromFile(tree) : null,
            Disks = [.. (parsed.GetValue(_disks) ?? []).Select(DiskOption.Parse)],
            Messages = parsed.GetValue(_msi) switch { "its" => MessageController.Its, "v2m" => MessageController.V2m, _ => null },
            Bus = parsed.GetValue(_bus) is { } bus ? NetworkOption.ParseBus("--virtio", bus) : null,
            HotplugSlots = parsed.GetValue(_slots) is >= 0 and <= 30 and var slots ? slots : throw CliException.Usage("--hotplug: a machine has 0 to 30 slots"),
            Networks = [.. (parsed.GetValue(_networks) ?? []).Select(NetworkOption.Parse)],
            Shares = [.. (parsed.GetValue(_shares) ?? []).Select(ShareOption.Parse)],
            Vsock = VsockOption.Parse(parsed.GetValue(_vsock)),
            HasEntropyDevice = parsed.GetValue(_rng),
            HasBalloon = parsed.GetValue(_balloon),
            HasPanicDevice = parsed.GetValue(_panic),
            HasWatchdog = parsed.GetValue(_watchdog),
            Tpm = TpmOption.Parse(parsed.GetValue(_tpm)),
            Semihosting = ParseSemihosting(parsed.GetValue(_semihosting)!),
            Append = parsed.GetValue(_append)!,
            Backend = _hasBackend ? ParseBackend(parsed.GetValue(_backend)!) : ExecutionBackend.Auto,
            CodeCache = _hasBackend ? CodeCacheOption.Parse(parsed.GetValue(_codeCache), keepsCode && (kernel ?? firmware) is not null, line => messages.WriteLine($"{Application.Name}: {line}")) : null,
            CodeMemory = ParseCodeMemory(_hasBackend ? parsed.GetValue(_codeMemory) : null),
            Log = log == LogCategories.None ? null : new TextLog(messages, log),
        };
    }

    /// <exception cref="CliException">This build does not have the back end.</exception>
    public static ExecutionBackend ParseBackend(string name) => name switch
    {
        "x64" => ExecutionBackend.X64,
        "interpreter" => ExecutionBackend.Interpreter,
        "il" when !RuntimeFeature.IsDynamicCodeSupported => throw CliException.Usage("--backend: il needs the .NET runtime's own compiler, which native builds do not have"),
        "il" => ExecutionBackend.Il,
        _ => ExecutionBackend.Auto,
    };

    private static SemihostingAccess ParseSemihosting(string name) => name switch
    {
        "off" => SemihostingAccess.Off,
        "user" => SemihostingAccess.User,
        _ => SemihostingAccess.On,
    };

    private static string CodeMemoryRange => $"{MachineConfig.MinimumCodeMemory >> 20}M to {MachineConfig.MaximumCodeMemory >> 30}G";

    private static ulong? ParseCodeMemory(string? text)
    {
        if (text is null)
            return null;
        var size = MemorySize.Parse("--code-memory", text);
        return size is >= MachineConfig.MinimumCodeMemory and <= MachineConfig.MaximumCodeMemory ? size : throw CliException.Usage($"--code-memory: must be {CodeMemoryRange}");
    }

    private static void CheckMemory(ulong memory, string text)
    {
        var unit = text.All(char.IsAsciiDigit) ? $"; {text} without a unit is MiB" : "";
        if (memory % MachineConfig.MemoryGranularity != 0)
            throw CliException.Usage($"--memory: must be a multiple of {MachineConfig.MemoryGranularity >> 10}K{unit}");
        if (memory > MachineConfig.MaximumMemory)
            throw CliException.Usage($"--memory: must be at most {MachineConfig.MaximumMemory >> 30}G{unit}");
    }
}

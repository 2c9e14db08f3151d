using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine;

/// <summary>What a machine is made of and what it boots; without kernel and firmware the library's own firmware, which tests the machine.</summary>
/// <example><code>
/// await using var vm = VirtualMachine.Create(new MachineConfig { Kernel = "Image", Append = "console=ttyAMA0" });
/// RunResult result = await vm.RunAsync();
/// </code></example>
public sealed record MachineConfig
{
    public const ulong DefaultMemory = 1UL << 30;

    /// <summary>The least <see cref="CodeMemory"/>.</summary>
    public const ulong MinimumCodeMemory = 8UL << 20;

    /// <summary>The most <see cref="CodeMemory"/>.</summary>
    public const ulong MaximumCodeMemory = 1UL << 30;

    /// <summary>Memory sizes are multiples of this.</summary>
    public const ulong MemoryGranularity = GuestRam.Granularity;

    /// <summary>RAM ends where the board's high windows begin, at 256 GiB.</summary>
    public const ulong MaximumMemory = (256UL << 30) - MemoryMap.RamBase;

    /// <summary>Bytes of a file for <see cref="Vars"/>.</summary>
    public const ulong VariablesSize = MemoryMap.FlashBankSize;

    /// <summary>Name of a processor model of <see cref="CpuModels"/>.</summary>
    public string Cpu { get; init; } = "max";

    /// <summary>Most processors with a GICv3.</summary>
    public const int MaximumCpus = 64;

    /// <summary>Most processors with a GICv2, whose target lists have eight bits.</summary>
    public const int MaximumCpusV2 = 8;

    /// <summary>Processors: up to <see cref="MaximumCpus"/>, with a GICv2 up to <see cref="MaximumCpusV2"/>.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>Bytes of RAM, a multiple of 64 KiB. The host's memory is taken as the guest touches it.</summary>
    public ulong Memory { get; init; } = DefaultMemory;

    public GicVersion Gic { get; init; } = GicVersion.V3;

    /// <summary>Raw firmware, put into flash; the processor starts in it.</summary>
    public BootSource? Firmware { get; init; }

    /// <summary>File with the contents of the second flash bank, 64 MiB, where firmware keeps its variables; what it changes is written back at once. Null: the bank starts empty and is forgotten.</summary>
    public string? Vars { get; init; }

    /// <summary>Firmware gets ACPI tables, which most prefer to the device tree.</summary>
    public bool Acpi { get; init; } = true;

    /// <summary>A Linux Image (raw, gzip, EFI zboot) or an ELF file. With firmware, the firmware finds it through fw_cfg.</summary>
    public BootSource? Kernel { get; init; }

    public BootSource? Initrd { get; init; }

    /// <summary>The kernel's command line.</summary>
    public string Append { get; init; } = string.Empty;

    /// <summary>A flattened device tree instead of the generated one.</summary>
    public BootSource? DeviceTree { get; init; }

    /// <summary>Disks, the first of them the guest's first.</summary>
    public IReadOnlyList<DiskConfig> Disks { get; init; } = [];

    /// <summary>What makes interrupts of the messages of PCIe functions; null: the ITS with a GICv3, which it needs, and else a GICv2m frame.</summary>
    public MessageController? Messages { get; init; }

    /// <summary>How virtio devices are reached that do not say it themselves; null: PCI with firmware, which finds them there, and else mmio, where every kernel does.</summary>
    public VirtioBus? Bus { get; init; }

    internal VirtioBus EffectiveBus => Bus ?? (Firmware is null ? VirtioBus.Mmio : VirtioBus.Pci);

    /// <summary>Network devices, behind the disks.</summary>
    public IReadOnlyList<NetworkConfig> Networks { get; init; } = [];

    /// <summary>Folders of the host, behind the networks.</summary>
    public IReadOnlyList<ShareConfig> Shares { get; init; } = [];

    /// <summary>Stream sockets between guest and host, behind the folders; null: none.</summary>
    public VsockConfig? Vsock { get; init; }

    /// <summary>PCIe slots for devices that come and go while the guest runs (<see cref="VirtualMachine.PlugDisk"/>), behind all devices on PCIe.</summary>
    public int HotplugSlots { get; init; }

    /// <summary>A virtio source of random bytes, behind the disks.</summary>
    public bool HasEntropyDevice { get; init; }

    /// <summary>A virtio memory balloon, behind the disks: pages that the guest reports as free go back to the host (<see cref="VirtualMachine.SetGuestMemory"/>).</summary>
    public bool HasBalloon { get; init; }

    /// <summary>A virtio console (Linux's hvc0) beside the serial one, behind the disks: <see cref="VirtualMachine.VirtioConsole"/>.</summary>
    public bool HasVirtioConsole { get; init; }

    /// <summary>Gets what the guest prints on the virtio console, as <see cref="SerialOutput"/> does for the serial one.</summary>
    public Stream? VirtioConsoleOutput { get; init; }

    /// <summary>Gets what the guest prints on its serial console; null: it is only kept in <see cref="VirtualMachine.Console"/>.</summary>
    /// <remarks>Written from a thread of its own, and not disposed.</remarks>
    public Stream? SerialOutput { get; init; }

    /// <summary>A second serial console (Linux's ttyAMA1): <see cref="VirtualMachine.SecondConsole"/>.</summary>
    public bool HasSecondSerial { get; init; }

    /// <summary>Gets what the guest prints on the second serial console, as <see cref="SerialOutput"/> does for the first.</summary>
    public Stream? SecondSerialOutput { get; init; }

    /// <summary>Named byte streams for agents in the guest (virtio-serial; Linux's /dev/virtio-ports), behind the sockets: <see cref="VirtualMachine.VirtioPorts"/>.</summary>
    public IReadOnlyList<VirtioPortConfig> VirtioPorts { get; init; } = [];

    /// <summary>A virtio keyboard and a virtio tablet, behind the byte streams, for those who look at the display through a <see cref="Vnc.VncServer"/>.</summary>
    public bool HasInput { get; init; }

    /// <summary>A framebuffer in RAM that firmware may announce, as EDK2 does: <see cref="VirtualMachine.CaptureScreen"/>.</summary>
    public bool HasDisplay { get; init; }

    /// <summary>A device on PCIe by which a kernel says that it has panicked (pvpanic), which ends the run with <see cref="RunEnd.Panic"/>.</summary>
    public bool HasPanicDevice { get; init; }

    /// <summary>A watchdog (Arm's generic one, Linux's sbsa_gwdt) that resets a guest which does not refresh it in the time it has set.</summary>
    public bool HasWatchdog { get; init; }

    /// <summary>A trusted platform module; null: there is none.</summary>
    public TpmConfig? Tpm { get; init; }

    public ExecutionBackend Backend { get; init; } = ExecutionBackend.Auto;

    /// <summary>Where translated code is kept from one run to the next, for <see cref="ExecutionBackend.X64"/>; null: nowhere.</summary>
    public CodeCache? CodeCache { get; init; }

    /// <summary>Bytes that translated code and its tables may take in the host's memory, <see cref="MinimumCodeMemory"/> to <see cref="MaximumCodeMemory"/>; beyond, code is evicted. Null: 128 MiB of code, and the tables it needs. For <see cref="ExecutionBackend.X64"/>.</summary>
    public ulong? CodeMemory { get; init; }

    /// <summary>When the il back end compiles; null: as measured to be good.</summary>
    internal Translation.Il.IlOptions? Il { get; init; }

    /// <summary>A reset ends the run instead of starting the machine again.</summary>
    public bool NoReboot { get; init; }

    /// <summary>The machine is paused before its first instruction, and goes on with <see cref="VirtualMachine.Resume"/>.</summary>
    public bool StartsPaused { get; init; }

    /// <summary>Who calls the host by HLT #0xF000: console and exit status, no files.</summary>
    public SemihostingAccess Semihosting { get; init; } = SemihostingAccess.On;

    public ILogSink? Log { get; init; }

    /// <summary>Hears what the processors do; null: nobody does.</summary>
    internal Tracing.MachineTrace? Trace { get; init; }

    /// <summary>The machine's time; null: the host's, standing still while the machine is paused.</summary>
    internal IVirtualClock? Clock { get; init; }

    /// <summary>Makes everything random in the machine reproducible; null: the host's randomness.</summary>
    public ulong? RandomSeed { get; init; }

    /// <summary>Notices the stages of the boot (<see cref="MachineStatistics.Phases"/>) and counts executed instructions, which costs a few per cent.</summary>
    /// <remarks>
    /// <c>firmware</c> is from power-on, where there is firmware. <c>kernel</c> is from power-on without firmware, else from the first
    /// exception vectors in the upper half of the address space. <c>init</c> is from the first exception return to EL0 after that.
    /// <c>shell</c> is from the last output before the guest showed an unfinished line for a second while it slept, as a prompt is.
    /// </remarks>
    public bool TracksPhases { get; init; }

    internal MessageController EffectiveMessages => Messages ?? (Gic == GicVersion.V3 ? MessageController.Its : MessageController.V2m);
}

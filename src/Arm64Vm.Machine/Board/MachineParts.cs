using System.Runtime.InteropServices;
using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Devices.Flash;
using Arm64Vm.Devices.Images;
using Arm64Vm.Devices.Sharing;
using Arm64Vm.Devices.Tpm;
using Arm64Vm.Devices.Virtio.Block;
using Arm64Vm.Devices.Virtio.Input;
using Arm64Vm.Devices.Virtio.Share;
using Arm64Vm.Devices.Virtio.Vsock;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Jit.Images;

namespace Arm64Vm.Machine.Board;

/// <summary>What stays when a machine is reset.</summary>
internal sealed class MachineParts : IDisposable
{
    /// <summary>SIGXFSZ.</summary>
    private const int FileSizeLimit = 25;

    private readonly List<IDisposable> _files = [];

    /// <summary>Breakpoints and watchpoints of a debugger, which a reset keeps.</summary>
    public Cpu.Debugging.DebugPoints DebugPoints { get; } = new();

    public required MachineConfig Config { get; init; }

    public required CpuModel Model { get; init; }

    /// <summary>Tables that its processors share, with those of other machines where there is a hypervisor.</summary>
    public RegisterTables Registers { get; init; } = new();

    /// <summary>What executes guest instructions.</summary>
    public required ExecutorChoice Execution { get; init; }

    public required IVirtualClock Clock { get; init; }

    public required SerialConsole Console { get; init; }

    /// <summary>Null: the machine has one serial console.</summary>
    public SerialConsole? SecondConsole { get; init; }

    /// <summary>Null: the machine has no virtio console.</summary>
    public SerialConsole? VirtioConsole { get; init; }

    /// <summary>The host's ends of named byte streams, in the order of the configuration.</summary>
    public IReadOnlyList<SerialConsole> VirtioPorts { get; init; } = [];

    /// <summary>Every console and byte stream.</summary>
    public IEnumerable<SerialConsole> Consoles => new[] { Console, VirtioConsole, SecondConsole }.OfType<SerialConsole>().Concat(VirtioPorts);

    /// <summary>What is typed on the guest's keyboard.</summary>
    public InputQueue Keyboard { get; } = new();

    /// <summary>What the guest's pointer does.</summary>
    public InputQueue Pointer { get; } = new();

    public FlashStorage Flash0 { get; } = new(MemoryMap.Flash0);

    public FlashStorage Flash1 { get; } = new(MemoryMap.Flash1);

    /// <summary>The file behind <see cref="Flash1"/>; null: there is none.</summary>
    public FlashFile? Variables { get; private set; }

    public List<IBlockBackend> Disks { get; } = [];

    /// <summary>What is behind <see cref="Disks"/>.</summary>
    public List<DiskImage> Images { get; } = [];

    public List<SharedFolder> Shares { get; } = [];

    public BoardNetworks Networks { get; } = new();

    /// <summary>What has been plugged in since the machine was made.</summary>
    public HotplugSlots Slots { get; } = new();

    /// <summary>Pages that the host wants from the balloon.</summary>
    public uint BalloonTarget { get; set; }

    /// <summary>Translated code of former runs, opened when the first board asks for it.</summary>
    private ImageStore? _codeImages;
    private bool _codeImagesAreOpen;

    /// <summary>Translated code of former runs for a board's cache; null: there is none. A reset keeps it.</summary>
    public ImageStore? CodeImages(TranslationCache cache)
    {
        if (_codeImagesAreOpen || Config.CodeCache is not { } kept)
            return _codeImages;
        _codeImagesAreOpen = true;
        if (!ImageKey.IsKnownBuild)
        {
            kept.Report?.Invoke("code cache: this build has no version identifier; not used");
            return null;
        }

        _codeImages = ImageStore.TryOpen(kept.Files, ImageKey.Of(Executors.Options(Model, Execution), Execution.Features!, cache.StubCode), kept.Report);
        return _codeImages;
    }

    /// <summary>Keeps what has been translated for later runs, and for the machine after a reset. No processor runs.</summary>
    public void SaveCode() => _codeImages?.Save();

    /// <summary>Takes SIGXFSZ out of the way, which a write beyond the process's file size limit raises and which ends a process: the write then fails, which a guest can be told.</summary>
    public void CatchFileSizeSignal()
    {
        if (!OperatingSystem.IsWindows() && (Config.Disks.Count > 0 || Config.Vars is not null || Config.CodeCache is not null))
            _files.Add(PosixSignalRegistration.Create((PosixSignal)FileSizeLimit, context => context.Cancel = true));
    }

    /// <exception cref="IOException">A disk image cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">A disk image may not be opened.</exception>
    public void OpenDisks()
    {
        foreach (var disk in Config.Disks)
        {
            var image = DiskImage.Open(disk.Path, readOnly: disk.Mode != DiskMode.ReadWrite, disk.Format);
            _files.Add(image);
            Images.Add(image);
            if (disk.Mode != DiskMode.Snapshot)
            {
                Disks.Add(image.Disk);
                continue;
            }

            var overlay = new OverlayBlockBackend(image.Disk);
            _files.Add(overlay);
            Disks.Add(overlay);
        }
    }

    /// <exception cref="MachineConfigurationException">A tag is impossible or there twice.</exception>
    /// <exception cref="IOException">There is no such folder.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public void OpenShares()
    {
        foreach (var share in Config.Shares)
        {
            if (share.Tag.Length is 0 or > VirtioShare.LongestTag || !System.Text.Ascii.IsValid(share.Tag) || Config.Shares.Count(other => other.Tag == share.Tag) > 1)
                throw new MachineConfigurationException($"The tag '{share.Tag}' of a share must have 1 to {VirtioShare.LongestTag} ASCII characters and be the only one of its name.");
            var folder = new SharedFolder(share.Path, share.ReadOnly);
            _files.Add(folder);
            Shares.Add(folder);
        }
    }

    /// <summary>The host's end of the guest's stream sockets; null: there is none.</summary>
    public VsockHost? Vsock { get; private set; }

    /// <exception cref="MachineConfigurationException">The guest's address is impossible.</exception>
    /// <exception cref="IOException">The socket cannot be made.</exception>
    public void OpenVsock()
    {
        if (Config.Vsock is not { } vsock)
            return;
        if (vsock.Cid is < 3 or uint.MaxValue)
            throw new MachineConfigurationException($"A guest's vsock address is from 3 to {uint.MaxValue - 1}, not {vsock.Cid}.");
        Vsock = new VsockHost(vsock.Path);
        _files.Add(Vsock);
    }

    /// <summary>The trusted platform module, which a reset switches on anew; null: there is none.</summary>
    public SoftwareTpm? Tpm { get; private set; }

    /// <exception cref="MachineConfigurationException">Nothing would find it.</exception>
    /// <exception cref="IOException">It cannot be had from the host.</exception>
    /// <exception cref="UnauthorizedAccessException">Its folder may not be made.</exception>
    public void StartTpm()
    {
        if (Config.Tpm is not { } tpm)
            return;
        if (tpm.Interface == TpmInterface.Crb && (Config.Firmware is null || !Config.Acpi))
            throw new MachineConfigurationException("A TPM with a CRB interface is found by ACPI only, which needs firmware; the TIS interface is also in the device tree.");
        Tpm = SoftwareTpm.Start(tpm.Folder);
        _files.Add(Tpm);
    }

    /// <summary>Opens the file of the second flash bank, where there is one, and fills the bank from it.</summary>
    /// <param name="keepsChanges">False: the file is only read, now.</param>
    /// <exception cref="MachineConfigurationException">It does not have the bank's size.</exception>
    /// <exception cref="IOException">It cannot be opened for reading and writing.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public void OpenVariables(bool keepsChanges = true)
    {
        if (Config.Vars is not { } path)
            return;
        var file = new FlashFile(path);
        try
        {
            var size = MemoryMap.Flash1.Size;
            if (file.Length != (long)size)
                throw new MachineConfigurationException($"'{path}' has {file.Length} bytes, but a flash bank has {size}; 'truncate -s {size >> 20}M' pads a smaller image.");
            if (Flash1.Load(file.Read) != Flash1.Contents.Length)
                throw new IOException($"'{path}' became shorter while it was read.");
        }
        catch
        {
            file.Dispose();
            throw;
        }

        if (!keepsChanges)
        {
            file.Dispose();
            return;
        }

        _files.Add(file);
        Variables = file;
    }

    /// <summary>What the device tree says, without what differs from one power-on to the next.</summary>
    public VirtBoard Describe() => new()
    {
        RamSize = Config.Memory,
        CpuCount = Config.Cpus,
        CpuCompatible = Model.Compatible,
        Gic = Config.Gic,
        HasPmu = Model.HasPmu,
        HasUart1 = SecondConsole is not null,
        HasWatchdog = Config.HasWatchdog,
        Tpm = Tpm is null ? null : Config.Tpm?.Interface,
        HasIts = Config.EffectiveMessages == MessageController.Its,
        HasV2m = Config.EffectiveMessages == MessageController.V2m,
    };

    public void Dispose()
    {
        _codeImages?.Dispose();
        Slots.Dispose();
        Networks.Dispose();
        foreach (var file in _files)
            file.Dispose();
        Flash0.Dispose();
        Flash1.Dispose();
    }
}

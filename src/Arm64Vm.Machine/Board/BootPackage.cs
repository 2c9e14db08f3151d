using Arm64Vm.Cpu;
using Arm64Vm.Devices.FwCfg;
using Arm64Vm.Machine.Acpi;
using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Boot.Images;
using Arm64Vm.Machine.Memory;
using Arm64Vm.Machine.Smbios;

namespace Arm64Vm.Machine.Board;

/// <summary>Everything read and planned for one power-on.</summary>
/// <remarks>Disposing releases the files; with firmware they must stay as long as the board, because the guest reads them through fw_cfg.</remarks>
internal sealed class BootPackage : IDisposable
{
    /// <summary>A command line longer than this is a mistake; Linux takes 2 KiB.</summary>
    private const int LongestCommandLine = 64 * 1024;

    private const string Kernel = "kernel";
    private const string Initrd = "initrd";

    private readonly List<IDisposable> _files = [];

    private BootPackage(BootPlan plan, FwCfgItems fwCfg, List<IDisposable> files)
    {
        Plan = plan;
        FwCfg = fwCfg;
        _files = files;
    }

    public BootPlan Plan { get; }

    public FwCfgItems FwCfg { get; }

    /// <exception cref="BootImageException">Something cannot be booted.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static BootPackage Prepare(MachineParts parts)
    {
        var config = parts.Config;
        if (config.Append.Length > LongestCommandLine)
            throw new BootImageException("The command line is too long.");
        var files = new List<IDisposable>();
        try
        {
            var seeds = new BootSeeds(config.RandomSeed);
            var board = parts.Describe() with { KaslrSeed = seeds.Kaslr, RngSeed = seeds.Rng };
            var (kernel, initrd) = (default(ReadOnlyMemory<byte>), default(ReadOnlyMemory<byte>));
            var boot = new BootFiles
            {
                Firmware = BootSource.ReadFirmware(config.Firmware, parts.Flash0),

                // Firmware takes them through fw_cfg, when it likes; without it they go into RAM.
                KernelFile = config.Firmware is null ? BootSource.OpenKernel(config.Kernel, Kernel, config.Memory, files, out kernel) : null,
                Kernel = config.Firmware is not null ? BootSource.Read(config.Kernel, Kernel, config.Memory, files) : config.Kernel is null ? EmbeddedFirmware.Image : kernel,
                InitrdFile = config.Firmware is null ? BootSource.Open(config.Initrd, Initrd, config.Memory, files, out initrd) : null,
                Initrd = config.Firmware is null ? initrd : BootSource.Read(config.Initrd, Initrd, config.Memory, files),
                DeviceTree = BootSource.Read(config.DeviceTree, "device tree", config.Memory, files),
                CommandLine = config.Append,
            };
            Check(config, boot);
            var plan = BootPlanner.Create(boot, board);
            var items = BootFwCfg.Create(board, boot, hasDisplay: config.HasDisplay);
            if (config.Firmware is not null)
                DescribeToFirmware(items, parts, board);

            return new BootPackage(plan, items, files);
        }
        catch
        {
            Release(files);
            throw;
        }
    }

    public void Dispose() => Release(_files);

    /// <summary>Tables for operating systems that want ACPI and SMBIOS; only firmware can hand them on.</summary>
    private static void DescribeToFirmware(FwCfgItems items, MachineParts parts, VirtBoard board)
    {
        foreach (var (name, contents) in BootOrder.Files(parts.Config))
            items.AddFile(name, contents);
        if (parts.Config.Acpi)
            AcpiFiles.Create(board).AddTo(items);
        SmbiosFiles.Create(new SmbiosMachine
        {
            MemoryBytes = board.RamSize,
            CpuCount = board.CpuCount,
            CpuName = parts.Model.Name,
            Midr = (uint)parts.Model.Midr,
            Version = typeof(BootPackage).Assembly.GetName().Version?.ToString(3) ?? string.Empty,
        }).AddTo(items);
    }

    /// <summary>The planner takes an empty file for an absent one.</summary>
    private static void Check(MachineConfig config, BootFiles boot)
    {
        if (config.Kernel is not null && boot.Kernel.IsEmpty)
            throw new BootImageException("The kernel file is empty.");
        if (config.Initrd is not null && boot.InitrdLength == 0)
            throw new BootImageException("The initrd file is empty.");
        if (config.DeviceTree is not null && boot.DeviceTree.IsEmpty)
            throw new BootImageException("The device tree file is empty.");
    }

    private static void Release(List<IDisposable> files)
    {
        foreach (var file in files)
            file.Dispose();
        files.Clear();
    }
}

using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Boot.Images;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Boot;

/// <summary>Decides how a machine boots: firmware in flash, a Linux kernel, or a bare-metal ELF file.</summary>
internal static class BootPlanner
{
    /// <summary>Linux takes a tree of at most 2 MiB, in a 2 MiB-aligned block of its own (booting.rst).</summary>
    private const ulong DeviceTreeAlignment = 2 << 20;

    /// <summary>Room for firmware to add properties in place.</summary>
    private const int DeviceTreeSpare = 32 * 1024;

    private const ulong InitrdLimit = 128 << 20;
    private const ulong PageSize = 4096;

    /// <summary>Lays out RAM.</summary>
    /// <exception cref="BootImageException">Something cannot be loaded or does not fit.</exception>
    public static BootPlan Create(BootFiles files, VirtBoard board)
    {
        var ram = MemoryMap.Ram(board.RamSize);
        if (!files.Firmware.IsEmpty)
            return PlanFirmware(files, board, ram);
        if (files.Kernel.IsEmpty)
            throw new BootImageException("There is nothing to boot: give a kernel or firmware.");
        var kernel = files.KernelFile is { } file ? LinuxImage.Load(files.Kernel, file, ram) : KernelLoader.Load(files.Kernel, ram);
        return kernel.Kind == KernelKind.Linux ? PlanLinux(files, board, ram, kernel) : PlanElf(files, board, ram, kernel);
    }

    /// <summary>Firmware starts in flash with the tree at the base of RAM, and finds kernel and initrd through fw_cfg.</summary>
    private static BootPlan PlanFirmware(BootFiles files, VirtBoard board, Region ram)
    {
        FirmwareImage.Check(files.Firmware.Span);
        if (files.Kernel.IsEmpty && files.InitrdLength > 0)
            throw new BootImageException("There is an initrd but no kernel.");
        var tree = BuildTree(files, board, default);
        var segment = PlaceTree(tree, ram.Base, ram);
        return new BootPlan { EntryPoint = MemoryMap.Flash0.Base, DeviceTreeAddress = segment.Address, Segments = [segment] };
    }

    private static BootPlan PlanLinux(BootFiles files, VirtBoard board, Region ram, KernelImage kernel)
    {
        var initrdAt = AlignUp(Math.Max(ram.Base + Math.Min(ram.Size / 2, InitrdLimit), kernel.End), PageSize);
        var initrdSize = files.InitrdLength;
        if (initrdSize > 0 && !ram.Contains(initrdAt, initrdSize))
            throw new BootImageException($"The initrd of {initrdSize} bytes does not fit at 0x{initrdAt:x} into RAM ({ram}).");
        var initrd = initrdSize > 0 ? new Region(initrdAt, initrdSize) : default;
        var tree = PlaceTree(BuildTree(files, board, initrd), AlignUp(initrdAt + initrdSize, DeviceTreeAlignment), ram);
        var stub = new ImageSegment("boot stub", ram.Base, BootStub.Create(tree.Address, kernel.EntryPoint));
        List<ImageSegment> segments = [stub, .. kernel.Segments];
        if (initrdSize > 0)
            segments.Add(new ImageSegment("initrd", initrdAt, files.Initrd, initrdSize) { File = files.InitrdFile });
        segments.Add(tree);
        return new BootPlan { EntryPoint = ram.Base, DeviceTreeAddress = tree.Address, Segments = segments };
    }

    /// <summary>A bare-metal program gets the tree at the base of RAM when it leaves that free.</summary>
    private static BootPlan PlanElf(BootFiles files, VirtBoard board, Region ram, KernelImage kernel)
    {
        if (files.InitrdLength > 0)
            throw new BootImageException("An initrd needs a Linux kernel, but this kernel is an ELF file.");
        List<ImageSegment> segments = [.. kernel.Segments];
        var tree = new ImageSegment("device tree", ram.Base, BuildTree(files, board, default));
        var fits = ram.Contains(tree.Address, tree.MemorySize) && !segments.Exists(s => s.Region.Overlaps(tree.Region));
        if (fits)
            segments.Insert(0, tree);
        return new BootPlan
        {
            EntryPoint = kernel.EntryPoint,
            DeviceTreeAddress = fits ? tree.Address : null,
            Segments = segments,
        };
    }

    private static byte[] BuildTree(BootFiles files, VirtBoard board, Region initrd)
    {
        DeviceTreeBlob tree;
        if (files.DeviceTree.IsEmpty)
        {
            tree = VirtDeviceTree.Build(board);
        }
        else
        {
            tree = DeviceTreeBlob.Parse(files.DeviceTree.Span);
            DeviceTreePatch.SetMemory(tree, MemoryMap.Ram(board.RamSize));
        }

        DeviceTreePatch.SetCommandLine(tree, files.CommandLine);
        DeviceTreePatch.SetInitrd(tree, initrd);
        return tree.Serialize(DeviceTreeSpare);
    }

    private static ImageSegment PlaceTree(byte[] tree, ulong address, Region ram)
    {
        if ((ulong)tree.Length > DeviceTreeAlignment)
            throw new BootImageException("The device tree has more than 2 MiB.");
        if (!ram.Contains(address, (ulong)tree.Length))
            throw new BootImageException($"RAM ({ram}) has no room for the device tree at 0x{address:x}.");
        return new ImageSegment("device tree", address, tree);
    }

    private static ulong AlignUp(ulong value, ulong alignment) => (value + alignment - 1) & ~(alignment - 1);
}

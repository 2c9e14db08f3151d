using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Boot.DeviceTree;

/// <summary>Puts what is booted into a tree, ours or the user's.</summary>
internal static class DeviceTreePatch
{
    /// <summary>Replaces the memory nodes by one for <paramref name="ram"/>, in the root's cell sizes.</summary>
    public static void SetMemory(DeviceTreeBlob tree, Region ram)
    {
        // Defaults of a root that says nothing: 2 and 1 (Devicetree Specification 0.4, 2.3.5).
        var addressCells = tree.Root.FindCell("#address-cells") ?? 2;
        var sizeCells = tree.Root.FindCell("#size-cells") ?? 1;
        if (addressCells is not (1 or 2) || sizeCells is not (1 or 2))
            throw new BootImageException("The device tree describes memory with neither 32-bit nor 64-bit addresses.");
        if ((sizeCells == 1 && ram.Size > uint.MaxValue) || (addressCells == 1 && ram.Base > uint.MaxValue))
            throw new BootImageException("The device tree describes memory with 32 bits, which cannot hold this much RAM.");
        tree.Root.RemoveChildren(child => child.Name == "memory" || child.Name.StartsWith("memory@", StringComparison.Ordinal));
        Span<uint> cells = stackalloc uint[4];
        var count = Put(cells, 0, ram.Base, addressCells);
        count = Put(cells, count, ram.Size, sizeCells);
        tree.Root.AddChild($"memory@{ram.Base:x}").SetCells("reg", cells[..count]).SetStrings("device_type", "memory");
    }

    /// <summary>Sets the command line; an empty one leaves what the tree has.</summary>
    public static void SetCommandLine(DeviceTreeBlob tree, string commandLine)
    {
        if (commandLine.Length > 0)
            Chosen(tree).SetStrings("bootargs", commandLine);
    }

    /// <summary>Says where the initrd is; an empty region removes a stale one.</summary>
    public static void SetInitrd(DeviceTreeBlob tree, Region initrd)
    {
        var chosen = Chosen(tree);
        if (initrd.Size == 0)
        {
            chosen.RemoveProperty("linux,initrd-start");
            chosen.RemoveProperty("linux,initrd-end");
            return;
        }

        chosen.SetNumbers("linux,initrd-start", initrd.Base).SetNumbers("linux,initrd-end", initrd.End);
    }

    private static DeviceTreeNode Chosen(DeviceTreeBlob tree) => tree.Root.FindChild("chosen") ?? tree.Root.AddChild("chosen");

    private static int Put(Span<uint> cells, int at, ulong value, uint width)
    {
        if (width == 2)
            cells[at++] = (uint)(value >> 32);
        cells[at++] = (uint)value;
        return at;
    }
}

using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Boot.DeviceTree;

/// <summary>A device tree with the header fields that matter besides the nodes.</summary>
internal sealed class DeviceTreeBlob
{
    /// <summary>The root node.</summary>
    public DeviceTreeNode Root { get; } = new(string.Empty);

    /// <summary>Memory the kernel must not touch.</summary>
    public List<Region> Reservations { get; } = [];

    /// <summary>Physical id of the boot processor.</summary>
    public uint BootCpu { get; set; }

    /// <summary>The node at an absolute path such as <c>/cpus/cpu@0</c>, or null.</summary>
    public DeviceTreeNode? Find(string path)
    {
        var node = Root;
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (node.FindChild(name) is not { } child)
                return null;
            node = child;
        }

        return node;
    }

    /// <summary>Reads a flattened tree.</summary>
    /// <exception cref="BootImageException">It is malformed.</exception>
    public static DeviceTreeBlob Parse(ReadOnlySpan<byte> blob) => FdtReader.Read(blob);

    /// <summary>Writes the flattened tree, version 17.</summary>
    /// <param name="spareBytes">Free space at the end, which lets firmware add properties in place.</param>
    public byte[] Serialize(int spareBytes = 0) => FdtWriter.Write(this, spareBytes);
}

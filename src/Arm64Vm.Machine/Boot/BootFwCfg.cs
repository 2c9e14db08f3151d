using System.Text;
using Arm64Vm.Devices.FwCfg;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Boot.Images;

namespace Arm64Vm.Machine.Boot;

/// <summary>What firmware finds in fw_cfg about the machine and about what to boot.</summary>
internal static class BootFwCfg
{
    /// <summary>Makes the items of a machine. More files can be added before the device is created.</summary>
    /// <param name="board">The machine.</param>
    /// <param name="files">With firmware, its kernel, initrd and command line are offered to the firmware.</param>
    /// <param name="uuid">The machine's UUID.</param>
    /// <param name="hasDisplay">False tells firmware to use the serial console.</param>
    /// <exception cref="BootImageException">The kernel's gzip data is damaged.</exception>
    public static FwCfgItems Create(VirtBoard board, BootFiles files, Guid uuid = default, bool hasDisplay = false)
    {
        var items = new FwCfgItems();
        items.Set(FwCfgKeys.Uuid, uuid.ToByteArray(bigEndian: true));
        items.Set(FwCfgKeys.NoGraphic, hasDisplay ? (ushort)0 : (ushort)1);
        items.Set(FwCfgKeys.CpuCount, (ushort)board.CpuCount);
        items.Set(FwCfgKeys.BootMenu, (ushort)0);
        if (!files.Firmware.IsEmpty)
            AddKernel(items, files);
        return items;
    }

    private static void AddKernel(FwCfgItems items, BootFiles files)
    {
        if (!files.Kernel.IsEmpty)
        {
            // An EFI zboot image stays as it is: firmware runs it, and it unpacks itself.
            var kernel = KernelLoader.Decompress(files.Kernel);
            items.Set(FwCfgKeys.KernelSize, (uint)kernel.Length);
            items.Set(FwCfgKeys.KernelData, kernel);
        }

        if (!files.Initrd.IsEmpty)
        {
            items.Set(FwCfgKeys.InitrdSize, (uint)files.Initrd.Length);
            items.Set(FwCfgKeys.InitrdData, files.Initrd);
        }

        if (files.CommandLine.Length > 0)
        {
            var line = Encoding.UTF8.GetBytes(files.CommandLine + "\0");
            items.Set(FwCfgKeys.CommandLineSize, (uint)line.Length);
            items.Set(FwCfgKeys.CommandLineData, line);
        }
    }
}

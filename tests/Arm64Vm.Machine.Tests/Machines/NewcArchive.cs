using System.Globalization;
using System.Text;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Writes cpio archives of the "newc" form, which the kernel unpacks as its initramfs (Documentation/driver-api/early-userspace/buffer-format).</summary>
internal static class NewcArchive
{
    private const int ExecutableFile = 0x81ED;

    /// <summary>An archive with one executable file.</summary>
    public static byte[] OfProgram(string name, ReadOnlySpan<byte> contents)
    {
        using var archive = new MemoryStream();
        Append(archive, name, ExecutableFile, contents);
        Append(archive, "TRAILER!!!", 0, []);
        return archive.ToArray();
    }

    private static void Append(MemoryStream archive, string name, int mode, ReadOnlySpan<byte> contents)
    {
        // Inode, mode, owner, group, links, time, size, device numbers, length of the name with its zero, checksum.
        int[] fields = [1, mode, 0, 0, 1, 0, contents.Length, 0, 0, 0, 0, name.Length + 1, 0];
        var header = new StringBuilder("070701");
        foreach (var field in fields)
            header.Append(field.ToString("X8", CultureInfo.InvariantCulture));
        archive.Write(Encoding.ASCII.GetBytes(header.Append(name).Append('\0').ToString()));
        Align(archive);
        archive.Write(contents);
        Align(archive);
    }

    private static void Align(MemoryStream archive)
    {
        while (archive.Length % 4 != 0)
            archive.WriteByte(0);
    }
}

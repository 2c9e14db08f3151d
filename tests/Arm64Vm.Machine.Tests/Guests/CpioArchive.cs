using System.Globalization;
using System.Text;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>A cpio archive of the "new" format, as the kernel unpacks one into its first root.</summary>
internal static class CpioArchive
{
    private const int HeaderLength = 110;
    private const int ExecutableFile = 0x81ED; // a regular file, rwxr-xr-x

    /// <summary>Puts an archive behind an initrd; its file replaces one of the same name.</summary>
    public static byte[] Append(byte[] initrd, string name, string contents)
    {
        var archive = new MemoryStream();
        archive.Write(initrd);
        Align(archive, 4);
        Add(archive, name, ExecutableFile, Encoding.UTF8.GetBytes(contents));
        Add(archive, "TRAILER!!!", 0, []);
        Align(archive, 4);
        return archive.ToArray();
    }

    private static void Add(MemoryStream archive, string name, int mode, byte[] contents)
    {
        var start = archive.Length;
        // Magic; inode, mode, user, group, links, time, size, device (2), device of the node (2), name's length, checksum.
        int[] fields = [1, mode, 0, 0, 1, 0, contents.Length, 0, 0, 0, 0, name.Length + 1, 0];
        archive.Write(Encoding.ASCII.GetBytes("070701" + string.Concat(fields.Select(f => f.ToString("X8", CultureInfo.InvariantCulture)))));
        Assert.Equal(HeaderLength, archive.Length - start);
        archive.Write(Encoding.ASCII.GetBytes(name + "\0"));
        Align(archive, 4);
        archive.Write(contents);
        Align(archive, 4);
    }

    private static void Align(MemoryStream stream, int alignment)
    {
        while (stream.Length % alignment != 0)
            stream.WriteByte(0);
    }
}

using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>A Debian archive with one package, made on the spot: what <c>apt-get</c> asks a flat repository for.</summary>
internal static class DebianRepository
{
    /// <summary>The files of an archive whose package puts one executable into /usr/bin.</summary>
    /// <param name="package">Its name, and the executable's.</param>
    /// <param name="script">The executable.</param>
    public static Dictionary<string, byte[]> Make(string package, string script)
    {
        var control = $"Package: {package}\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: a test\n";
        var deb = Archive(
            ("debian-binary", "2.0\n"u8.ToArray()),
            ("control.tar.gz", Tar("./control", control, executable: false)),
            ("data.tar.gz", Tar($"./usr/bin/{package}", script, executable: true)));
        var packages = Encoding.ASCII.GetBytes($"{control}Filename: ./{package}.deb\nSize: {deb.Length}\nSHA256: {Sum(deb)}\n\n");
        var release = Encoding.ASCII.GetBytes($"Origin: test\nSuite: test\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n {Sum(packages)} {packages.Length} Packages\n");
        return new() { ["Packages"] = packages, ["Release"] = release, [$"{package}.deb"] = deb };
    }

    private static string Sum(byte[] data) => Convert.ToHexStringLower(SHA256.HashData(data));

    private static byte[] Tar(string name, string content, bool executable)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.Fastest))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Ustar))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
            {
                Mode = (UnixFileMode)(executable ? 0x1ED : 0x1A4), // 755, 644
                DataStream = new MemoryStream(Encoding.ASCII.GetBytes(content)),
            });
        }

        return result.ToArray();
    }

    /// <summary>ar(5): a header of 60 characters for each member, at even offsets.</summary>
    private static byte[] Archive(params (string Name, byte[] Data)[] members)
    {
        using var result = new MemoryStream();
        result.Write("!<arch>\n"u8);
        foreach (var (name, data) in members)
        {
            result.Write(Encoding.ASCII.GetBytes($"{name,-16}{0,-12}{0,-6}{0,-6}{"100644",-8}{data.Length,-10}`\n"));
            result.Write(data);
            if (data.Length % 2 != 0)
                result.WriteByte((byte)'\n');
        }

        return result.ToArray();
    }
}

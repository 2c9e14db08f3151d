using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Arm64Vm.Devices.Images.Vmdk;

/// <summary>A line of a descriptor that names a part of the disk.</summary>
/// <param name="Sectors">Of the part.</param>
/// <param name="Type">SPARSE, FLAT, VMFS or ZERO.</param>
/// <param name="File">A name without a folder; null for ZERO.</param>
/// <param name="FirstSector">Where a FLAT part begins in its file.</param>
internal sealed record VmdkExtentLine(ulong Sectors, string Type, string? File, ulong FirstSector);

/// <summary>The text that describes a VMDK image: "Virtual Disk Format 5.0", "The Descriptor File".</summary>
internal sealed record VmdkDescriptor
{
    /// <summary>The longest that is read: more than a thousand extents need, and its lines, which take many times their length, take little memory.</summary>
    public const int MaximumSize = 1 << 16;

    /// <summary>The most parts of a disk.</summary>
    private const int MaximumExtents = 1024;

    private const ulong MaximumSectors = 1ul << 54;

    private const string NoParent = "ffffffff";

    public required string CreateType { get; init; }

    public required IReadOnlyList<VmdkExtentLine> Extents { get; init; }

    /// <exception cref="ImageFormatException">It is damaged, or describes what is not supported.</exception>
    public static VmdkDescriptor Parse(ReadOnlySpan<byte> text, string path)
    {
        var end = text.IndexOf((byte)0);
        var lines = Decode(end < 0 ? text : text[..end]).Split('\n');
        string? type = null;
        string? parent = null;
        List<VmdkExtentLine> extents = [];
        foreach (var untrimmed in lines)
        {
            var line = untrimmed.Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (IsExtent(line))
            {
                if (extents.Count == MaximumExtents)
                    throw ReadOnlyImage.Refused(path, $"has more than {MaximumExtents} extents, which is not supported");
                extents.Add(ParseExtent(line, path));
            }
            else if (line.IndexOf('=', StringComparison.Ordinal) is > 0 and var at)
            {
                var value = line[(at + 1)..].Trim().Trim('"');
                switch (line[..at].Trim().ToUpperInvariant())
                {
                    case "CREATETYPE":
                        type ??= value;
                        break;
                    case "PARENTCID":
                        parent ??= value;
                        break;
                }
            }
        }

        if (type is null)
            throw ReadOnlyImage.Damaged(path, "its descriptor has no createType");
        if (parent is not null && !parent.Equals(NoParent, StringComparison.OrdinalIgnoreCase))
            throw ReadOnlyImage.Refused(path, "has only the differences to another image, which is not supported");
        return new VmdkDescriptor { CreateType = type, Extents = extents };
    }

    /// <summary>The specification knows no encoding but ASCII's. What programs write today is UTF-8; what is none must be of a page of eight bits, and the characters that most of these share are those of Latin-1.</summary>
    private static string Decode(ReadOnlySpan<byte> text) => Utf8.IsValid(text) ? Encoding.UTF8.GetString(text) : Encoding.Latin1.GetString(text);

    /// <summary>The first word is an access ("Extent Description"); a line that is not taken for one would make the disk shorter.</summary>
    private static bool IsExtent(string line) =>
        line.Split((char[]?)null, 2)[0].ToUpperInvariant() is "RW" or "RDONLY" or "NOACCESS";

    /// <summary>access sectors type ["file" [first]].</summary>
    private static VmdkExtentLine ParseExtent(string line, string path)
    {
        var quote = line.IndexOf('"', StringComparison.Ordinal);
        var last = line.LastIndexOf('"');
        var words = (quote < 0 ? line : line[..quote]).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var rest = quote < 0 ? [] : line[(last + 1)..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != 3 || !TryParse(words[1], out var sectors) || sectors == 0)
            throw Bad();
        if (words[0].Equals("NOACCESS", StringComparison.OrdinalIgnoreCase))
            throw ReadOnlyImage.Refused(path, "has an extent that must not be read");
        var type = words[2].ToUpperInvariant();
        if (type == "ZERO")
            return quote < 0 ? new VmdkExtentLine(sectors, type, null, 0) : throw Bad();
        if (type is not ("SPARSE" or "FLAT" or "VMFS"))
            throw ReadOnlyImage.Refused(path, $"has an extent of the type '{ReadOnlyImage.OneLine(words[2])}', which is not supported");
        ulong first = 0;
        if (last <= quote + 1 || rest.Length > 1 || (rest.Length == 1 && (type == "SPARSE" || !TryParse(rest[0], out first))))
            throw Bad();
        var file = line[(quote + 1)..last];

        // An image that comes from elsewhere does not get to choose any file of the user's.
        if (file is "." or ".." || file.AsSpan().ContainsAny('/', '\\', '"'))
            throw ReadOnlyImage.Refused(path, $"has an extent '{ReadOnlyImage.OneLine(file)}', and only files in the image's own folder are read");

        // The name is part of messages, the host's own among them, and must not command the terminal.
        if (file.Any(char.IsControl))
            throw ReadOnlyImage.Refused(path, $"has an extent '{ReadOnlyImage.OneLine(file)}' with control characters in its name");
        return new VmdkExtentLine(sectors, type, file, first);

        ImageFormatException Bad() => ReadOnlyImage.Damaged(path, $"the extent '{ReadOnlyImage.OneLine(line)}'");
    }

    private static bool TryParse(string text, out ulong value) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= MaximumSectors;
}

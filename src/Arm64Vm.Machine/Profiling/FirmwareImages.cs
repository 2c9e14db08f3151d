using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Cpu;
using Arm64Vm.Machine.Memory;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>UEFI images around code that ran, found by their headers in the guest's memory, with the names that their builds left in them.</summary>
/// <remarks>
/// PE32+ images (Microsoft PE and COFF Specification) and terse ones (UEFI Platform Initialization Specification, volume 1, TE image), in RAM, where they are loaded with their headers, and in
/// flash, where they run in place. The name is that of the debug file in the CodeView entry, which EDK2 keeps in release builds too.
/// </remarks>
internal static class FirmwareImages
{
    private const ulong Page = 0x1000;

    /// <summary>How far before code its header may be.</summary>
    private const ulong LargestImage = 4 << 20;

    /// <summary>Headers may be at the end of the first page, next to the code.</summary>
    private const int FarthestHeader = 0x1000;
    private const int DosHeaderBytes = 0x40;
    private const ushort MachineArm64 = 0xAA64;
    private const ushort MagicPe32Plus = 0x20B;
    private const int TerseHeaderBytes = 40;
    private const int DebugEntryBytes = 28;
    private const int CodeView = 2;
    private const int LongestPath = 512;

    /// <summary>An image.</summary>
    /// <param name="Name">Of its build, such as DxeCore.</param>
    /// <param name="Start">Where it begins.</param>
    /// <param name="End">Behind its last byte.</param>
    /// <param name="Base">What addresses in the files of its build count from.</param>
    public readonly record struct Image(string Name, ulong Start, ulong End, ulong Base);

    /// <summary>The images that code of a recording ran in; memory is identity-mapped then (UEFI Specification, 2.3.6).</summary>
    /// <param name="memory">The guest's.</param>
    /// <param name="registry">The code.</param>
    public static List<Image> Find(IGuestMemory memory, BlockRegistry registry)
    {
        SortedSet<ulong> pages = [];
        for (var i = 0; i < registry.Count; i++)
        {
            ref readonly var block = ref registry.BlockAt(i);
            if (block.Mode.ExceptionLevel == 1 && block.VirtualAddress == block.PhysicalAddress)
                pages.Add(block.PhysicalAddress & ~(Page - 1));
        }

        return Find(memory, pages);
    }

    /// <summary>The images around pages of code.</summary>
    internal static List<Image> Find(IGuestMemory memory, SortedSet<ulong> pages)
    {
        List<Image> images = [];
        HashSet<ulong> seen = [];
        foreach (var page in pages.Reverse())
        {
            if (page < MemoryMap.RamBase)
            {
                FindInFlash(memory, page + Page, images);
                break;
            }

            for (var at = page; page - at < LargestImage && at >= MemoryMap.RamBase && seen.Add(at); at -= Page)
            {
                var before = images.Count;
                FindInPage(memory, at, images);
                if (images.Count > before)
                    break;
            }
        }

        // Images that wait in a volume of firmware run elsewhere.
        images.RemoveAll(image => image.End <= image.Start || pages.GetViewBetween(image.Start & ~(Page - 1), image.End - 1).Count == 0);
        return images;
    }

    private static void FindInFlash(IGuestMemory memory, ulong end, List<Image> images)
    {
        for (ulong at = 0; at < end; at += Page)
            FindInPage(memory, at, images);
    }

    /// <summary>Headers of terse images follow a gap as large as what was taken away, and in flash everything is somewhere.</summary>
    private static void FindInPage(IGuestMemory memory, ulong page, List<Image> images)
    {
        var bytes = memory.Map(page, Page);
        for (var offset = 0; offset + 4 <= bytes.Length; offset += 4)
        {
            var image = (bytes[offset], bytes[offset + 1]) switch
            {
                ((byte)'M', (byte)'Z') => ReadPe(memory, page + (ulong)offset),
                ((byte)'V', (byte)'Z') => ReadTerse(memory, page + (ulong)offset),
                _ => null,
            };
            if (image is { } found)
                images.Add(found);
        }
    }

    private static Image? ReadPe(IGuestMemory memory, ulong at)
    {
        var header = memory.Map(at, DosHeaderBytes);
        if (header.Length < DosHeaderBytes || header[0] != 'M' || header[1] != 'Z')
            return null;
        var start = BinaryPrimitives.ReadUInt32LittleEndian(header[0x3C..]);
        const int HeaderBytes = 24 + 112 + (7 * 8);
        if (start > FarthestHeader)
            return null;
        var pe = memory.Map(at + start, HeaderBytes);
        if (pe.Length < HeaderBytes)
            return null;
        var optional = pe[24..];
        if (!pe.StartsWith("PE\0\0"u8) || BinaryPrimitives.ReadUInt16LittleEndian(pe[4..]) != MachineArm64 || BinaryPrimitives.ReadUInt16LittleEndian(optional) != MagicPe32Plus
            || BinaryPrimitives.ReadUInt32LittleEndian(optional[108..]) < 7)
            return null;
        var size = BinaryPrimitives.ReadUInt32LittleEndian(optional[56..]);
        return size <= LargestImage && NameOf(memory, at, BinaryPrimitives.ReadUInt32LittleEndian(optional[160..]), BinaryPrimitives.ReadUInt32LittleEndian(optional[164..])) is { } name
            ? new Image(name, at, at + size, at) : null;
    }

    /// <summary>A PE image whose headers were taken away and are left out of its addresses.</summary>
    private static Image? ReadTerse(IGuestMemory memory, ulong at)
    {
        var header = memory.Map(at, TerseHeaderBytes + 40UL);
        if (header.Length < TerseHeaderBytes + 40 || BinaryPrimitives.ReadUInt16LittleEndian(header[2..]) != MachineArm64 || header[4] is 0 or > 16)
            return null;
        var stripped = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        var origin = at + TerseHeaderBytes - stripped;
        var sections = memory.Map(at + TerseHeaderBytes, header[4] * 40UL);
        ulong end = at;
        for (var section = 0; (section + 1) * 40 <= sections.Length; section++)
            end = Math.Max(end, origin + BinaryPrimitives.ReadUInt32LittleEndian(sections[((section * 40) + 12)..]) + BinaryPrimitives.ReadUInt32LittleEndian(sections[((section * 40) + 8)..]));
        return end - at <= LargestImage && NameOf(memory, origin, BinaryPrimitives.ReadUInt32LittleEndian(header[32..]), BinaryPrimitives.ReadUInt32LittleEndian(header[36..])) is { } name
            ? new Image(name, at, end, origin) : null;
    }

    /// <summary>The name of the debug file without folders and suffix, from the debug directory at an offset.</summary>
    private static string? NameOf(IGuestMemory memory, ulong origin, uint directory, uint size)
    {
        for (uint at = 0; directory != 0 && at + DebugEntryBytes <= Math.Min(size, 16u * DebugEntryBytes); at += DebugEntryBytes)
        {
            var entry = memory.Map(origin + directory + at, DebugEntryBytes);
            if (entry.Length < DebugEntryBytes || BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]) != CodeView)
                continue;
            var data = memory.Map(origin + BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]), LongestPath);
            var skipped = data.StartsWith("NB10"u8) ? 16 : data.StartsWith("RSDS"u8) ? 24 : data.StartsWith("MTOC"u8) ? 20 : data.Length;
            var path = data[Math.Min(skipped, data.Length)..]; // memory may end before
            var length = path.IndexOf((byte)0);
            if (length > 0 && !path[..length].ContainsAnyExceptInRange((byte)' ', (byte)'~'))
                return Path.GetFileNameWithoutExtension(Encoding.ASCII.GetString(path[..length]).Replace('\\', '/')) is { Length: > 0 } name ? name : null;
        }

        return null;
    }
}

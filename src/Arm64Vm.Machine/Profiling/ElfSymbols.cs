using Arm64Vm.Machine.Boot.Images;

namespace Arm64Vm.Machine.Profiling;

/// <summary>Functions of an ELF file (System V ABI, chapter 4), and the segments that they are in. Damaged parts are left out.</summary>
internal sealed class ElfSymbols
{
    private ElfSymbols(ElfFile file)
    {
        IsRelocatable = file.IsRelocatable;
        ReadSegments(file);
        Dictionary<ulong, Symbol> found = [];
        ReadSymbols(file, found);
        Symbols = [.. found.Values.OrderBy(symbol => symbol.Address)];
    }

    /// <summary>A function; <see cref="File"/> is its source file's name where the table says it, which it does for local ones.</summary>
    public readonly record struct Symbol(string Name, ulong Address, ulong Size, string? File);

    /// <summary>Executable bytes at the address that the file gives them.</summary>
    public readonly record struct Segment(ulong Address, ReadOnlyMemory<byte> Bytes);

    /// <summary>Its addresses count from where it is loaded (ET_DYN).</summary>
    public bool IsRelocatable { get; }

    /// <summary>Ascending by address, one an address.</summary>
    public List<Symbol> Symbols { get; }

    public List<Segment> Segments { get; } = [];

    /// <summary>Reads a file; null where it is no ELF file for AArch64.</summary>
    public static ElfSymbols? Read(ReadOnlyMemory<byte> file)
    {
        if (!ElfFile.IsElf(file.Span))
            return null;
        try
        {
            return new ElfSymbols(new ElfFile(file));
        }
        catch (BootImageException)
        {
            return null;
        }
    }

    private void ReadSegments(ElfFile file)
    {
        foreach (var segment in file.ReadSegments())
        {
            if (segment.IsLoadable && segment.IsExecutable && file.IsInside(segment.Offset, segment.FileSize))
                Segments.Add(new Segment(segment.VirtualAddress, file.Slice(segment.Offset, segment.FileSize, "segment")));
        }
    }

    private void ReadSymbols(ElfFile file, Dictionary<ulong, Symbol> found)
    {
        string? source = null;
        foreach (var one in file.ReadSymbols())
        {
            if (one.IsFirst)
                source = null;
            if (one.Type == ElfSymbolType.File)
            {
                source = one.Name;
                continue;
            }

            if (one.Type is not (ElfSymbolType.None or ElfSymbolType.Function) || !one.IsInSection || one.Name.Length == 0 || one.Name[0] == '$')
                continue;
            var symbol = new Symbol(one.Name, one.Value, one.Size, one.IsLocal ? source : null);

            // Functions before labels, long ones before short ones.
            if (IsCode(symbol.Address) && (!found.TryGetValue(symbol.Address, out var other) || other.Size < symbol.Size))
                found[symbol.Address] = symbol;
        }
    }

    private bool IsCode(ulong address) => Segments.Exists(segment => address - segment.Address < (ulong)segment.Bytes.Length);
}

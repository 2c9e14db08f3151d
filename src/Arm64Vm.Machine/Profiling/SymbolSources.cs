using Arm64Vm.Machine.Board;
using Arm64Vm.Machine.Boot;
using Arm64Vm.Profiling;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>Where names come from: the guest itself, and files that were given.</summary>
internal sealed class SymbolSources
{
    private const long LargestFile = 512 << 20;

    /// <summary>Images of firmware that no file with symbols was given for.</summary>
    private readonly List<FirmwareImages.Image> _images = [];

    /// <summary>Modules with their symbols, before these have numbers.</summary>
    public List<(ProfileModule Module, List<ProfileSymbol> Symbols)> Modules { get; } = [];

    public static SymbolSources Find(VirtMachineBoard board, IReadOnlyList<string> files, SampleCollector samples, BlockRegistry registry, bool isEmbedded)
    {
        var sources = new SymbolSources();
        if (isEmbedded && ElfSymbols.Read(EmbeddedFirmware.Image) is { } firmware)
            sources.AddElf(firmware, "arm64vm-firmware", "", 0, -1, isBySource: true);
        samples.Tasks.LookNow(registry);
        if (!isEmbedded)
            sources._images.AddRange(FirmwareImages.Find(board.Memory, registry));
        var hasMap = false;
        foreach (var file in Expand(files))
            hasMap |= sources.AddFile(file, samples, registry);
        foreach (var image in sources._images)
            sources.Modules.Add((new ProfileModule(image.Name, "UEFI image in guest memory", image.Start, image.End, -1), []));
        if (!hasMap && samples.Tasks.Kernel is { } kernel)
            sources.Add("kernel", "kallsyms in guest memory", kernel.Where(symbol => symbol.Type is 't' or 'T' or 'w' or 'W').Select(symbol => (symbol.Address, 0UL, symbol.Name)), -1);
        foreach (var (name, functions) in samples.Tasks.Modules)
            sources.Add(name, "kernel module in guest memory", functions.Select(one => (one.Address, one.Size, one.Name)), -1);
        return sources;
    }

    /// <summary>Adds a module. Symbols without a size reach to the next one.</summary>
    /// <param name="extent">Where its code is, as far as that is known; else from its first symbol to its last.</param>
    public void Add(string name, string path, IEnumerable<(ulong Address, ulong Size, string Name)> symbols, int process, (ulong Start, ulong End)? extent = null)
    {
        List<ProfileSymbol> list = [.. symbols.OrderBy(symbol => symbol.Address).DistinctBy(symbol => symbol.Address).Select(symbol => new ProfileSymbol(symbol.Name, symbol.Address, symbol.Size, -1))];
        if (list.Count == 0)
            return;
        var (start, end) = extent ?? (list[0].Address, list[^1].Address + Math.Max(list[^1].Size, 4));
        Modules.Add((new ProfileModule(name, path, start, end, process), list));
    }

    /// <summary>Adds an ELF file's functions.</summary>
    /// <param name="isBySource">Local functions go under the name of their source file, where the table says it.</param>
    public void AddElf(ElfSymbols elf, string name, string path, ulong place, int process, bool isBySource = false)
    {
        // Stripped files have a few symbols only: code between them is theirs as well.
        (ulong, ulong)? extent = process >= 0 && elf.Segments.Count > 0 ? (elf.Segments.Min(one => one.Address) + place, elf.Segments.Max(one => one.Address + (ulong)one.Bytes.Length) + place) : null;
        var hasSources = isBySource && elf.Symbols.Select(symbol => symbol.File).OfType<string>().Distinct().Take(2).Count() > 1;
        foreach (var group in elf.Symbols.GroupBy(symbol => hasSources && symbol.File is { } file ? file : name).OrderBy(group => group.Min(symbol => symbol.Address)))
            Add(group.Key == name || group.Key.EndsWith(".o", StringComparison.Ordinal) ? name : Path.GetFileNameWithoutExtension(group.Key), path, group.Select(symbol => (symbol.Address + place, symbol.Size, symbol.Name)), process, extent);
    }

    private static IEnumerable<string> Expand(IReadOnlyList<string> files) => files.SelectMany(IEnumerable<string> (file) =>
        Directory.Exists(file) ? Directory.EnumerateFiles(file, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }).Order(StringComparer.Ordinal) : [file]);

    /// <summary>True where the file has a kernel's symbols.</summary>
    private bool AddFile(string path, SampleCollector samples, BlockRegistry registry)
    {
        var info = new FileInfo(path);
        if (!info.Exists || info.Length > LargestFile)
            return false;
        var bytes = File.ReadAllBytes(path);
        if (ElfSymbols.Read(bytes) is { } elf)
        {
            if (elf.Symbols.Count == 0)
                return false;
            if (elf.Segments.Exists(segment => segment.Address >> 48 == 0xFFFF))
            {
                Add("kernel", path, elf.Symbols.Select(symbol => (symbol.Address, symbol.Size, symbol.Name)), -1);
                return true;
            }

            // The debug file of an image (DxeCore.debug, or .dll) has its name.
            var built = _images.FindAll(image => image.Name == Path.GetFileNameWithoutExtension(path));
            foreach (var image in built)
                AddElf(elf, image.Name, path, image.Base, -1);
            _images.RemoveAll(built.Contains);
            if (built.Count > 0)
                return false;
            foreach (var (place, process) in ImagePlaces.Find(elf, registry, samples.Sightings))
                AddElf(elf, Path.GetFileName(path), path, place, process);
            return false;
        }

        using var text = new StreamReader(new MemoryStream(bytes));
        var map = SystemMap.Read(text);
        Add("kernel", path, map.Select(symbol => (symbol.Address, 0UL, symbol.Name)), -1);
        return map.Count > 0;
    }
}

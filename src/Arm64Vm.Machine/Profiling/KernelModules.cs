using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>The modules that a Linux kernel has loaded, and their functions: from the kernel's list of them (struct module, include/linux/module.h).</summary>
/// <remarks>
/// A module's list node and its name are where they have been in every kernel since 2.6; its own symbol table (struct mod_kallsyms) is found by what must hold,
/// since its place differs from kernel to kernel. What does not look right is left out. How many modules and symbols are looked at is limited for all lists together, since a guest may have made them up.
/// </remarks>
internal sealed class KernelModules(IKernelMemory memory)
{
    /// <summary>The head of the list (kernel/module/main.c), which only kernels with their data in kallsyms name.</summary>
    private const string ListName = "modules";
    private const int LongestFunction = 0x400;
    private const int ListOffset = 8;
    private const int NameOffset = 24;
    private const int NameBytes = 56;
    private const int LargestModule = 0x800;
    private const int MostModules = 1000;
    private const uint MostSymbols = 1_000_000;
    private const int SymbolBytes = 24;
    private const int LongestName = 256;

    private int _modulesLeft = MostModules;
    private uint _symbolsLeft = MostSymbols;

    /// <summary>A function of a module.</summary>
    public readonly record struct Function(ulong Address, ulong Size, string Name);

    /// <summary>Functions that go through the list, in every kernel since 2.6.</summary>
    private static IEnumerable<string> Walkers => ["module_kallsyms_lookup_name", "find_module_all", "print_modules", "module_get_kallsym"];

    /// <summary>The modules of a kernel, from a list that its symbols name, or that code in it goes through.</summary>
    /// <param name="kernel">Its symbols, by address.</param>
    public List<(string Name, List<Function> Functions)> Read(List<Kallsyms.Symbol> kernel)
    {
        var lists = kernel.Where(symbol => symbol.Name == ListName && char.ToLowerInvariant(symbol.Type) is 'd' or 'b').Select(symbol => symbol.Address)
            .Concat(Walkers.SelectMany(name => AddressesIn(kernel, name))).Distinct();
        foreach (var list in lists)
        {
            var modules = Read(list);
            if (modules.Exists(module => module.Functions.Count > 0))
                return modules;
        }

        return [];
    }

    /// <summary>The modules of a list.</summary>
    /// <param name="list">Where the kernel has the list's head (<c>modules</c>).</param>
    public List<(string Name, List<Function> Functions)> Read(ulong list)
    {
        List<(string, List<Function>)> found = [];
        for (var node = Word(list); IsKernel(node) && node != list && _modulesLeft-- > 0; node = Word(node))
        {
            if (NameOf(node - ListOffset) is { } name)
                found.Add((name, FunctionsOf(node - ListOffset)));
        }

        return found;
    }

    /// <summary>What a function takes the address of.</summary>
    private List<ulong> AddressesIn(List<Kallsyms.Symbol> kernel, string name)
    {
        var at = kernel.FindIndex(symbol => symbol.Name == name && symbol.Type is 't' or 'T');
        if (at < 0)
            return [];
        var start = kernel[at].Address;
        var next = kernel.FindIndex(at, symbol => symbol.Address > start);
        var code = new byte[next < 0 ? LongestFunction : (int)Math.Min(LongestFunction, kernel[next].Address - start)];
        return CodeAddresses.Find(code.AsSpan(0, memory.ReadUpTo(start, code)), start);
    }

    private string? NameOf(ulong module)
    {
        Span<byte> bytes = stackalloc byte[NameBytes];
        if (!memory.TryRead(module + NameOffset, bytes))
            return null;
        var length = bytes.IndexOf((byte)0);
        return length > 0 && !bytes[..length].ContainsAnyExceptInRange((byte)'!', (byte)'~') ? Encoding.ASCII.GetString(bytes[..length]) : null;
    }

    /// <summary>A pointer in the module leads to {symbols, their number, names, types}.</summary>
    private List<Function> FunctionsOf(ulong module)
    {
        Span<byte> table = stackalloc byte[32];
        for (ulong at = NameOffset + NameBytes; at < LargestModule; at += 8)
        {
            var place = Word(module + at);
            if (!IsKernel(place) || !memory.TryRead(place, table))
                continue;
            var (symbols, count) = (BinaryPrimitives.ReadUInt64LittleEndian(table), BinaryPrimitives.ReadUInt64LittleEndian(table[8..]));
            var (names, types) = (BinaryPrimitives.ReadUInt64LittleEndian(table[16..]), BinaryPrimitives.ReadUInt64LittleEndian(table[24..]));
            if (IsKernel(symbols) && IsKernel(names) && IsKernel(types) && (uint)count > 1 && (uint)count <= _symbolsLeft && ReadFunctions(symbols, (uint)count, names, types) is { Count: > 0 } functions)
                return functions;
        }

        return [];
    }

    /// <summary>Null where this is no table of symbols: the first one is empty, and each name is in the names.</summary>
    private List<Function>? ReadFunctions(ulong symbols, uint count, ulong names, ulong types)
    {
        Span<byte> first = stackalloc byte[SymbolBytes];
        if (!memory.TryRead(symbols, first) || first.ContainsAnyExcept((byte)0) || !memory.TryRead(names, first[..1]) || first[0] != 0)
            return null;
        _symbolsLeft -= count;
        var entries = new byte[count * SymbolBytes];
        var kinds = new byte[count];
        if (!memory.TryRead(symbols, entries) || !memory.TryRead(types, kinds))
            return null;
        List<Function> functions = [];
        for (var i = 1; i < count; i++)
        {
            var entry = entries.AsSpan(i * SymbolBytes, SymbolBytes);
            var (address, size) = (BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]), BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]));
            if (Text(names + BinaryPrimitives.ReadUInt32LittleEndian(entry)) is not { } name)
                return null;
            if (kinds[i] is (byte)'t' or (byte)'T' or (byte)'w' or (byte)'W' && IsKernel(address) && name.Length > 0 && name[0] != '$')
                functions.Add(new Function(address, size, name));
        }

        return functions;
    }

    private string? Text(ulong address)
    {
        Span<byte> bytes = stackalloc byte[LongestName];
        var length = memory.ReadUpTo(address, bytes);
        var end = bytes[..length].IndexOf((byte)0);
        return end >= 0 && !bytes[..end].ContainsAnyExceptInRange((byte)'!', (byte)'~') ? Encoding.ASCII.GetString(bytes[..end]) : null;
    }

    private ulong Word(ulong address)
    {
        Span<byte> bytes = stackalloc byte[8];
        return memory.TryRead(address, bytes) ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;
    }

    private static bool IsKernel(ulong address) => address >> 48 == 0xFFFF;
}

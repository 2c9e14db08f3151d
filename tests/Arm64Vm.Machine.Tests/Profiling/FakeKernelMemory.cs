using System.Buffers.Binary;
using Arm64Vm.Machine.Profiling;

namespace Arm64Vm.Machine.Tests.Profiling;

/// <summary>Pages of a kernel's half of the addresses; those that were written to are there. Physical addresses are as the test says.</summary>
internal sealed class FakeKernelMemory : IKernelMemory
{
    private const ulong PageSize = 0x1000;

    private readonly Dictionary<ulong, byte[]> _pages = [];
    private readonly Dictionary<ulong, ulong> _physical = [];

    public void WriteWord(ulong address, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Write(address, bytes);
    }

    public void Write(ulong address, ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
            Page(address + (ulong)i)[(address + (ulong)i) % PageSize] = bytes[i];
    }

    /// <summary>Pages of a range are there, as zeros where nothing was written.</summary>
    public void Add(ulong address, ulong length)
    {
        for (ulong offset = 0; offset < length; offset += PageSize)
            Page(address + offset);
    }

    public void Translate(ulong address, ulong physical) => _physical[address] = physical;

    public bool TryReadUpper(ulong address, Span<byte> bytes)
    {
        Assert.True(address % PageSize + (ulong)bytes.Length <= PageSize);
        if (!_pages.TryGetValue(address & ~(PageSize - 1), out var page))
            return false;
        page.AsSpan((int)(address % PageSize), bytes.Length).CopyTo(bytes);
        return true;
    }

    public bool TryTranslateUpper(ulong address, out ulong physical) => _physical.TryGetValue(address, out physical);

    private byte[] Page(ulong address)
    {
        if (!_pages.TryGetValue(address & ~(PageSize - 1), out var page))
            _pages.Add(address & ~(PageSize - 1), page = new byte[PageSize]);
        return page;
    }
}

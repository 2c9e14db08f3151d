namespace Arm64Vm.Machine.Profiling;

/// <summary>The upper half of a guest's address space, as some moment has it.</summary>
internal interface IKernelMemory
{
    /// <summary>Reads bytes within a page; false where nothing is mapped.</summary>
    bool TryReadUpper(ulong address, Span<byte> bytes);

    /// <summary>False where nothing is mapped.</summary>
    bool TryTranslateUpper(ulong address, out ulong physical);

    /// <summary>Reads bytes across pages; false where one of them is not mapped.</summary>
    bool TryRead(ulong address, Span<byte> bytes) => ReadUpTo(address, bytes) == bytes.Length;

    /// <summary>Bytes read, across pages, until something is not mapped.</summary>
    int ReadUpTo(ulong address, Span<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            var length = Math.Min(bytes.Length - at, 0x1000 - (int)((address + (ulong)at) & 0xFFF));
            if (!TryReadUpper(address + (ulong)at, bytes.Slice(at, length)))
                break;
            at += length;
        }

        return at;
    }
}

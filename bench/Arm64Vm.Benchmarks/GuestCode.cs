using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Arm64Vm.Benchmarks;

/// <summary>Real code to translate: the text section of the embedded firmware, whole pages in native memory.</summary>
internal sealed unsafe class GuestCode : IDisposable
{
    public const int PageSize = 4096;

    private readonly byte* pages;

    public GuestCode()
    {
        using Stream stream = typeof(GuestCode).Assembly.GetManifestResourceStream("firmware.elf")!;
        byte[] file = new byte[stream.Length];
        stream.ReadExactly(file);
        ReadOnlySpan<byte> text = ExecutableSegment(file);
        PageCount = text.Length / PageSize;

        // SAFETY: owned by this object until Dispose, page aligned, PageCount pages.
        pages = (byte*)NativeMemory.AlignedAlloc((nuint)(PageCount * PageSize), PageSize);
        text[..(PageCount * PageSize)].CopyTo(new Span<byte>(pages, PageCount * PageSize));
    }

    public int PageCount { get; }

    public ReadOnlySpan<uint> Words => new(pages, PageCount * PageSize / 4);

    public byte* Page(int index) => pages + (index * PageSize);

    public void Dispose() => NativeMemory.AlignedFree(pages);

    /// <summary>File bytes of the first PT_LOAD with PF_X (System V ABI, chapter 5).</summary>
    private static ReadOnlySpan<byte> ExecutableSegment(ReadOnlySpan<byte> file)
    {
        int headers = (int)BinaryPrimitives.ReadUInt64LittleEndian(file[32..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(file[56..]);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = file.Slice(headers + (i * 56), 56);
            bool executable = BinaryPrimitives.ReadUInt32LittleEndian(header) == 1 && (header[4] & 1) != 0;
            if (executable)
                return file.Slice((int)BinaryPrimitives.ReadUInt64LittleEndian(header[8..]), (int)BinaryPrimitives.ReadUInt64LittleEndian(header[32..]));
        }

        throw new InvalidDataException("the firmware has no executable segment");
    }
}

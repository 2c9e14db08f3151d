using Arm64Vm.Cpu;
using Arm64Vm.Machine.Boot.Images;

namespace Arm64Vm.Machine.Boot;

/// <summary>What goes where before the first instruction, and where that is.</summary>
internal sealed record BootPlan
{
    private const int ZeroChunk = 64 * 1024;

    /// <summary>PC of the boot processor.</summary>
    public required ulong EntryPoint { get; init; }

    /// <summary>Address of the device tree, which is also x0 at the entry point; null when there was no room for it.</summary>
    public required ulong? DeviceTreeAddress { get; init; }

    /// <summary>Everything for RAM, without overlap.</summary>
    public required IReadOnlyList<ImageSegment> Segments { get; init; }

    /// <summary>Writes all segments.</summary>
    /// <param name="memory">RAM.</param>
    /// <param name="memoryIsZero">True: RAM is fresh, so that zeros need not be written.</param>
    /// <exception cref="BootImageException">RAM is smaller than it was planned for.</exception>
    /// <exception cref="IOException">A file that goes into RAM as it is cannot be read.</exception>
    public void WriteTo(IGuestMemory memory, bool memoryIsZero = false)
    {
        foreach (var segment in Segments)
        {
            var written = segment.File is { } file ? file.TryWriteTo(memory, segment.Address) : memory.TryWrite(segment.Address, segment.Data.Span);
            if (written && !memoryIsZero)
                written = WriteZeros(memory, segment.Address + (segment.File?.Length ?? (ulong)segment.Data.Length), segment.Region.End);
            if (!written)
                throw new BootImageException($"The {segment.Name} at {segment.Region} lies outside RAM.");
        }
    }

    private static bool WriteZeros(IGuestMemory memory, ulong from, ulong to)
    {
        if (from == to)
            return true;
        var zeros = new byte[(int)Math.Min(ZeroChunk, to - from)];
        while (from < to)
        {
            var chunk = (int)Math.Min((ulong)zeros.Length, to - from);
            if (!memory.TryWrite(from, zeros.AsSpan(0, chunk)))
                return false;
            from += (ulong)chunk;
        }

        return true;
    }
}

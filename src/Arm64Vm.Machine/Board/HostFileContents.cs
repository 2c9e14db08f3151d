using System.Buffers;
using Arm64Vm.Cpu.Memory;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Machine.Board;

/// <summary>A file's bytes outside the managed heap, so that a kernel or disk of many megabytes is really gone once it is in guest RAM.</summary>
/// <remarks>SAFETY: owns the block until disposal; users of <see cref="MemoryManager{T}.Memory"/> end before that. One thread.</remarks>
internal sealed unsafe class HostFileContents : MemoryManager<byte>
{
    private readonly HostMemory _memory;
    private readonly int _length;

    private HostFileContents(int length)
    {
        _length = length;
        _memory = HostMemory.Anonymous((ulong)Math.Max(length, 1));
        _memory.Populate(0, _memory.Size);
    }

    /// <exception cref="IOException">It cannot be read, or is larger than <paramref name="limit"/> bytes.</exception>
    public static HostFileContents Read(SafeFileHandle file, long length, string path, string what, ulong limit)
    {
        if ((ulong)length > Math.Min(limit, (ulong)Array.MaxLength))
            throw new IOException($"The {what} '{path}' has {length} bytes, which is more than fits.");
        var contents = new HostFileContents((int)length);
        try
        {
            for (var done = 0; done < contents._length;)
            {
                var read = RandomAccess.Read(file, contents.GetSpan()[done..], done);
                if (read == 0)
                    throw new IOException($"'{path}' became shorter while it was read.");
                done += read;
            }

            return contents;
        }
        catch
        {
            ((IDisposable)contents).Dispose();
            throw;
        }
    }

    public override Span<byte> GetSpan() => new(_memory.Address, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_memory.Address + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing) => _memory.Dispose();
}

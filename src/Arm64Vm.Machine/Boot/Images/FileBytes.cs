using Arm64Vm.Cpu;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>A file that goes into RAM as it is, so that its bytes need no memory of the host's beside the guest's.</summary>
/// <param name="file">Owned.</param>
/// <param name="path">For messages.</param>
/// <param name="length">Bytes.</param>
internal sealed class FileBytes(SafeFileHandle file, string path, long length) : IDisposable
{
    private const int Chunk = 64 << 10;

    public ulong Length => (ulong)length;

    /// <summary>Its first bytes, fewer where it is shorter.</summary>
    /// <exception cref="IOException">It cannot be read, or has become shorter.</exception>
    public ReadOnlyMemory<byte> ReadHead(int most)
    {
        var head = new byte[(int)Math.Min(most, length)];
        for (var done = 0; done < head.Length;)
        {
            var read = RandomAccess.Read(file, head.AsSpan(done), done);
            if (read == 0)
                throw BecameShorter();
            done += read;
        }

        return head;
    }

    /// <summary>Puts all of it there; false where that is not RAM.</summary>
    /// <exception cref="IOException">It cannot be read, or has become shorter.</exception>
    public bool TryWriteTo(IGuestMemory memory, ulong address)
    {
        var chunk = new byte[(int)Math.Min(Chunk, length)];
        for (long done = 0; done < length;)
        {
            var read = RandomAccess.Read(file, chunk.AsSpan(0, (int)Math.Min(chunk.Length, length - done)), done);
            if (read == 0)
                throw BecameShorter();
            if (!memory.TryWrite(address + (ulong)done, chunk.AsSpan(0, read)))
                return false;
            done += read;
        }

        return true;
    }

    private IOException BecameShorter() => new($"'{path}' became shorter while it was read.");

    public void Dispose() => file.Dispose();
}

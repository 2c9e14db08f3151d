using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using System.Text;

namespace Arm64Vm.Machine.Profiling;

/// <summary>
/// Emitted code for <c>perf inject --jit</c> (Linux, tools/perf/Documentation/jitdump-specification.txt, version 1), with bytes and times, so that samples of code whose place was
/// used again are told apart and <c>perf annotate</c> shows instructions.
/// </summary>
/// <remarks>
/// <c>perf record</c> learns of the file when the process maps it executable, which is done at the beginning; what is in it is read after the process has ended.
/// So units are written at the recording's end, when the guest's symbols are known.
/// </remarks>
internal sealed class JitDumpFile : IDisposable
{
    private const uint Magic = 0x4A69_5444;
    private const uint Version = 1;
    private const uint MachineX64 = 62;
    private const uint CodeLoad = 0;
    private const uint CodeClose = 3;
    private const int HeaderSize = 40;
    private const int PrefixSize = 16;
    private const int LoadSize = PrefixSize + 40;
    private const int PageSize = 4096;

    private readonly FileStream _file;
    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _mark;
    private readonly int _process;

    /// <summary>Makes the file in a folder, under the name that <c>perf</c> knows it by.</summary>
    /// <exception cref="IOException">It cannot be made, or not mapped executable there.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written, or is on a file system without execution.</exception>
    public JitDumpFile(string folder, int process)
    {
        _process = process;
        Path = System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, $"jit-{process}.dump"));
        _file = new FileStream(Path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        try
        {
            var header = new byte[HeaderSize];
            BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Version);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), HeaderSize);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), MachineX64);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(20), (uint)process);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), HostTime.Nanoseconds(Stopwatch.GetTimestamp()));
            _file.Write(header);
            _file.Flush();

            // A mapping is made of whole pages; nobody reads it, so that the file may be shorter afterwards.
            _file.SetLength(PageSize);
            _mapping = MemoryMappedFile.CreateFromFile(_file, null, PageSize, MemoryMappedFileAccess.ReadExecute, HandleInheritability.None, leaveOpen: true);
            _mark = _mapping.CreateViewAccessor(0, PageSize, MemoryMappedFileAccess.ReadExecute);
            _file.SetLength(HeaderSize);
        }
        catch
        {
            _mapping?.Dispose();
            _file.Dispose();
            throw;
        }
    }

    public string Path { get; }

    /// <summary>Writes the units, in the order in which they were made, and ends the file.</summary>
    /// <exception cref="IOException">It cannot be written; it has no units then.</exception>
    public void Finish(IReadOnlyList<HostCode> code)
    {
        try
        {
            WriteUnits(code);
        }
        catch (IOException e)
        {
            _file.SetLength(HeaderSize);
            throw new IOException($"'{Path}' cannot be written, and is left without code: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        _mark.Dispose();
        _mapping.Dispose();
        _file.Dispose();
    }

    private void WriteUnits(IReadOnlyList<HostCode> code)
    {
        _file.Position = HeaderSize;
        var file = new BufferedStream(_file, 1 << 16);
        var head = new byte[LoadSize];
        for (var i = 0; i < code.Count; i++)
        {
            var name = Encoding.UTF8.GetBytes(code[i].Name + "\0");
            WritePrefix(head, CodeLoad, LoadSize + name.Length + code[i].Code.Length, code[i].MadeAt);
            BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(PrefixSize), (uint)_process);
            BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(PrefixSize + 4), (uint)_process);
            BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(PrefixSize + 8), code[i].Address);
            BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(PrefixSize + 16), code[i].Address);
            BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(PrefixSize + 24), (ulong)code[i].Code.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(PrefixSize + 32), (ulong)i);
            file.Write(head);
            file.Write(name);
            file.Write(code[i].Code);
        }

        WritePrefix(head, CodeClose, PrefixSize, HostTime.Nanoseconds(Stopwatch.GetTimestamp()));
        file.Write(head, 0, PrefixSize);
        file.Flush();
    }

    private static void WritePrefix(byte[] head, uint id, int size, long time)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(head, id);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), (uint)size);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(8), time);
    }
}

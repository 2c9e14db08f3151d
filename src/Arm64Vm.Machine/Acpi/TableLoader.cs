using Arm64Vm.Machine.Boot;

namespace Arm64Vm.Machine.Acpi;

/// <summary>Where firmware puts an allocated file.</summary>
internal enum LoaderZone
{
    /// <summary>Anywhere.</summary>
    High = 1,

    /// <summary>Where an operating system searches for the RSDP; on this architecture anywhere as well.</summary>
    RootSearchArea = 2,
}

/// <summary>The linker script for ACPI tables: commands that firmware carries out on fw_cfg files (<c>etc/table-loader</c>).</summary>
/// <remarks>Only firmware knows where tables end up, so it patches their pointers and sums. The commands are in order of execution.</remarks>
internal sealed class TableLoader
{
    /// <summary>Bytes of a command, whatever it needs.</summary>
    public const int CommandLength = 128;

    private const int FileNameLength = 56;
    private const uint Allocate = 1;
    private const uint AddPointer = 2;
    private const uint AddChecksum = 3;

    private readonly LittleEndianWriter _script = new();

    /// <summary>Loads a file into memory of its own.</summary>
    /// <param name="file">Name in fw_cfg.</param>
    /// <param name="alignment">A power of two.</param>
    /// <param name="zone">Where.</param>
    public TableLoader AddAllocation(string file, uint alignment, LoaderZone zone)
    {
        _script.DWord(Allocate).Text(file, FileNameLength).DWord(alignment).Byte((int)zone).Align(CommandLength);
        return this;
    }

    /// <summary>Adds the address of <paramref name="target"/> to a little-endian field that holds an offset into it.</summary>
    /// <param name="file">The file with the field.</param>
    /// <param name="offset">The field's offset.</param>
    /// <param name="size">The field's bytes: 1, 2, 4 or 8.</param>
    /// <param name="target">The file pointed into.</param>
    public TableLoader AddPointerTo(string file, int offset, int size, string target)
    {
        _script.DWord(AddPointer).Text(file, FileNameLength).Text(target, FileNameLength).DWord((uint)offset).Byte(size).Align(CommandLength);
        return this;
    }

    /// <summary>Sets a byte, zero before, so that bytes of a file add up to zero.</summary>
    /// <param name="file">The file.</param>
    /// <param name="result">Offset of the byte.</param>
    /// <param name="start">Offset of the first byte that counts.</param>
    /// <param name="length">Bytes that count.</param>
    public TableLoader AddChecksumOf(string file, int result, int start, int length)
    {
        _script.DWord(AddChecksum).Text(file, FileNameLength).DWord((uint)result).DWord((uint)start).DWord((uint)length).Align(CommandLength);
        return this;
    }

    public byte[] ToArray() => _script.ToArray();
}

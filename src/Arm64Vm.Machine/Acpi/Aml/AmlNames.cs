using Arm64Vm.Machine.Boot;

namespace Arm64Vm.Machine.Acpi.Aml;

/// <summary>Names, and the terms that define named objects (ACPI 6.5, 20.2.2, 20.2.5.1 and 20.2.5.2).</summary>
internal static class AmlNames
{
    private const int NameOp = 0x08;
    private const int ScopeOp = 0x10;
    private const int MethodOp = 0x14;
    private const int ExtendedPrefix = 0x5B;
    private const int OperationRegionOp = 0x80;
    private const int FieldOp = 0x81;
    private const int DeviceOp = 0x82;
    private const int DualNamePrefix = 0x2E;
    private const int MultiNamePrefix = 0x2F;

    private const int SegmentLength = 4;
    private const int Serialized = 1 << 3;
    private const int SystemMemory = 0;
    private const int DWordAccessWritingZeros = 0x43;

    /// <summary>A path of dotted segments, from the root where it begins with a backslash. Segments are filled up with underscores.</summary>
    public static byte[] Path(string path)
    {
        var bytes = new LittleEndianWriter();
        if (path.StartsWith('\\'))
        {
            bytes.Text("\\");
            path = path[1..];
        }

        var segments = path.Split('.');
        if (segments.Length == 2)
            bytes.Byte(DualNamePrefix);
        else if (segments.Length > 2)
            bytes.Byte(MultiNamePrefix).Byte(segments.Length);
        foreach (var segment in segments)
            bytes.Text(segment, SegmentLength, (byte)'_');
        return bytes.ToArray();
    }

    public static byte[] Name(string path, byte[] value) => AmlData.Join([NameOp], Path(path), value);

    public static byte[] Scope(string path, params ReadOnlySpan<byte[]> terms) => AmlPackaging.Make([ScopeOp], Path(path), AmlData.Join(terms));

    public static byte[] Device(string name, params ReadOnlySpan<byte[]> terms) =>
        AmlPackaging.Make([ExtendedPrefix, DeviceOp], Path(name), AmlData.Join(terms));

    /// <summary>A method that several may run at once.</summary>
    public static byte[] Method(string name, int arguments, params ReadOnlySpan<byte[]> terms) =>
        AmlPackaging.Make([MethodOp], Path(name), [(byte)arguments], AmlData.Join(terms));

    /// <summary>A method that runs once at a time.</summary>
    public static byte[] SerializedMethod(string name, int arguments, params ReadOnlySpan<byte[]> terms) =>
        AmlPackaging.Make([MethodOp], Path(name), [(byte)(arguments | Serialized)], AmlData.Join(terms));

    /// <summary>A 32-bit register in memory: an operation region of its own and its one field.</summary>
    public static byte[] Register32(string region, string field, ulong address)
    {
        const int Bits = 32;
        return AmlData.Join(
            AmlData.Join([ExtendedPrefix, OperationRegionOp], Path(region), [SystemMemory], AmlData.Integer(address), AmlData.Integer(Bits / 8)),
            AmlPackaging.Make([ExtendedPrefix, FieldOp], Path(region), [DWordAccessWritingZeros], Path(field), AmlPackaging.Length(Bits - 1)));
    }
}

using Arm64Vm.Machine.Boot;

namespace Arm64Vm.Machine.Acpi.Aml;

/// <summary>Data objects in ACPI machine language (ACPI 6.5, 20.2.3 and 20.2.5.4). Each function returns a term's bytes; terms nest by being passed on.</summary>
internal static class AmlData
{
    private const int ZeroOp = 0x00;
    private const int OneOp = 0x01;
    private const int BytePrefix = 0x0A;
    private const int WordPrefix = 0x0B;
    private const int DWordPrefix = 0x0C;
    private const int StringPrefix = 0x0D;
    private const int QWordPrefix = 0x0E;
    private const int BufferOp = 0x11;
    private const int PackageOp = 0x12;

    /// <summary>A number in as few bytes as it takes.</summary>
    public static byte[] Integer(ulong value)
    {
        var bytes = new LittleEndianWriter();
        return (value switch
        {
            0 => bytes.Byte(ZeroOp),
            1 => bytes.Byte(OneOp),
            <= byte.MaxValue => bytes.Byte(BytePrefix).Byte((int)value),
            <= ushort.MaxValue => bytes.Byte(WordPrefix).Word((int)value),
            <= uint.MaxValue => bytes.Byte(DWordPrefix).DWord(value),
            _ => bytes.Byte(QWordPrefix).QWord(value),
        }).ToArray();
    }

    public static byte[] String(string text) => new LittleEndianWriter().Byte(StringPrefix).Text(text).Byte(0).ToArray();

    public static byte[] Buffer(ReadOnlySpan<byte> bytes) => AmlPackaging.Make([BufferOp], Integer((ulong)bytes.Length), bytes.ToArray());

    /// <summary>A UUID in the byte order of ToUUID.</summary>
    public static byte[] Uuid(string text) => Buffer(Guid.Parse(text).ToByteArray());

    /// <summary>A string of 16-bit characters with its terminator, as _STR wants it.</summary>
    public static byte[] Unicode(string text) => Buffer(System.Text.Encoding.Unicode.GetBytes(text + "\0"));

    public static byte[] Package(params ReadOnlySpan<byte[]> elements) => AmlPackaging.Make([PackageOp], [checked((byte)elements.Length)], Join(elements));

    /// <summary>Terms one after the other.</summary>
    public static byte[] Join(params ReadOnlySpan<byte[]> terms)
    {
        var bytes = new LittleEndianWriter();
        foreach (var term in terms)
            bytes.Bytes(term);
        return bytes.ToArray();
    }
}

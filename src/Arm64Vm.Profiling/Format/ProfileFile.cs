using System.Buffers.Binary;
using System.IO.Compression;

namespace Arm64Vm.Profiling;

/// <summary>Profiles in files.</summary>
/// <remarks>
/// A file is 16 bytes of header – magic, version, length of the rest before compression, in little-endian order – and a zlib stream of sections. A
/// section is {number, length, payload}, its payload the numbers of <see cref="PayloadWriter"/>. The first section is that of the texts; readers skip sections
/// they do not know, and ignore what follows the fields that they know in a section's head, so that newer files can be read as far as they are understood.
/// </remarks>
internal static class ProfileFile
{
    /// <summary>The format that is written; files of a higher one are refused.</summary>
    public const int Version = 1;

    /// <summary>More than this is not read: it is no recording of ours.</summary>
    public const long MaximumSize = 1L << 30;

    private const int HeaderSize = 16;

    private static ReadOnlySpan<byte> Magic => "A64VMPRF"u8;

    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Write(Profile profile, Stream stream)
    {
        var strings = new StringTable();
        var sections = ProfileSections.Write(profile, strings);
        var texts = new PayloadWriter(strings);
        strings.Write(texts);
        sections.Insert(0, (SectionNumber.Texts, texts));
        long length = 0;
        var heads = new List<byte[]>();
        foreach (var (number, payload) in sections)
        {
            var head = new PayloadWriter(strings);
            head.Unsigned((ulong)number);
            head.Unsigned((ulong)payload.Bytes.Length);
            heads.Add(head.Bytes.ToArray());
            length += head.Bytes.Length + payload.Bytes.Length;
        }

        if (length > MaximumSize)
            throw new IOException("the profile is too large for a file");
        Span<byte> header = stackalloc byte[HeaderSize];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], (int)length);
        stream.Write(header);
        using var packed = new ZLibStream(stream, CompressionLevel.Optimal, leaveOpen: true);
        for (var i = 0; i < heads.Count; i++)
        {
            packed.Write(heads[i]);
            packed.Write(sections[i].Payload.Bytes);
        }
    }

    /// <exception cref="ProfileFormatException">It is no profile, damaged, or of a newer product.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static Profile Read(Stream stream)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        var length = stream.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false);
        if (length == 0)
            throw new ProfileFormatException("The file is empty: its recording has not ended, or could not be written.");
        if (length < HeaderSize || !header.StartsWith(Magic))
            throw new ProfileFormatException("The file is no profile.");
        var version = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        if (version is < 1 or > Version)
            throw new ProfileFormatException($"The profile has format {version}; this version reads up to {Version}.");
        long size = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        if (size > MaximumSize)
            throw PayloadReader.Damaged();
        return ProfileSections.Read(Unpack(stream, (int)size));
    }

    /// <summary>The bytes behind the header. Grows with what is really there, so that a header cannot make the process hold what the file does not have.</summary>
    private static ReadOnlySpan<byte> Unpack(Stream stream, int length)
    {
        const int Step = 1 << 20;
        var bytes = new byte[Math.Min(length, Step)];
        var count = 0;
        try
        {
            using var unpacked = new ZLibStream(stream, CompressionMode.Decompress, leaveOpen: true);
            while (count < length)
            {
                if (count == bytes.Length)
                    Array.Resize(ref bytes, (int)Math.Min(length, bytes.Length * 2L));
                var read = unpacked.Read(bytes.AsSpan(count));
                if (read == 0)
                    throw PayloadReader.Damaged();
                count += read;
            }

            if (unpacked.ReadByte() >= 0)
                throw PayloadReader.Damaged();
        }
        catch (InvalidDataException e)
        {
            throw new ProfileFormatException("The profile is damaged.", e);
        }

        return bytes.AsSpan(0, count);
    }
}

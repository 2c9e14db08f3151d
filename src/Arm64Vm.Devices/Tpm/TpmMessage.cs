using System.Buffers.Binary;

namespace Arm64Vm.Devices.Tpm;

/// <summary>The header of commands and responses (TPM 2.0 Library, part 1, 18): a tag, the length of all, a code.</summary>
internal static class TpmMessage
{
    public const int HeaderSize = 10;

    private const int SizeOffset = 2;
    private const ushort NoSessions = 0x8001;
    private const uint CommandSizeError = 0x142;
    private const uint Failure = 0x101;

    /// <summary>The length that a message says it has, or that of the header where that is not all there.</summary>
    public static uint SizeOf(ReadOnlySpan<byte> message) =>
        message.Length < SizeOffset + sizeof(uint) ? HeaderSize : BinaryPrimitives.ReadUInt32BigEndian(message[SizeOffset..]);

    /// <summary>TPM_RC_COMMAND_SIZE: the command is not as long as it says.</summary>
    public static int WriteCommandSizeError(Span<byte> response) => Write(response, CommandSizeError);

    /// <summary>TPM_RC_FAILURE.</summary>
    public static int WriteFailure(Span<byte> response) => Write(response, Failure);

    private static int Write(Span<byte> response, uint code)
    {
        BinaryPrimitives.WriteUInt16BigEndian(response, NoSessions);
        BinaryPrimitives.WriteUInt32BigEndian(response[SizeOffset..], HeaderSize);
        BinaryPrimitives.WriteUInt32BigEndian(response[(SizeOffset + sizeof(uint))..], code);
        return HeaderSize;
    }
}

using System.Text;
using Arm64Vm.Cpu.Mmu;

namespace Arm64Vm.Cpu;

/// <summary>One HLT #0xF000: operation in W0, parameter in X1, result in X0.</summary>
/// <remarks>Console operations only: a guest cannot reach files of the host.</remarks>
// SAFETY: uses the context of a vCPU that is stopped in this very call; guest memory is read through the checked path.
internal readonly unsafe ref struct SemihostingCall(Vcpu vcpu, ISemihosting host)
{
    private const int ConsoleHandle = 1;
    private const ulong ApplicationExit = 0x20026;
    private const ulong Failure = ulong.MaxValue;
    private const int LongestString = 64 * 1024;

    /// <summary>Bytes moved by one call; the guest sees the rest as not transferred. Keeps a call short whatever the guest asks for.</summary>
    private const ulong LongestTransfer = 1 << 20;

    /// <summary>Does it. True: the guest program ended with <paramref name="status"/>.</summary>
    public bool Execute(out int status)
    {
        status = 0;
        ulong parameter = vcpu.GetX(1);
        ulong result = Failure;
        switch ((uint)vcpu.GetX(0))
        {
            case 0x01: // SYS_OPEN: only ":tt"
                result = TryWord(parameter, 0, out ulong name) && TryWord(parameter, 2, out ulong length) && length == 3 && ReadString(name, 3) == ":tt" ? ConsoleHandle : Failure;
                break;
            case 0x02: // SYS_CLOSE
                result = 0;
                break;
            case 0x03: // SYS_WRITEC
                if (vcpu.TryReadVirtual(parameter, out byte one))
                    host.Write([one]);
                break;
            case 0x04: // SYS_WRITE0
                host.Write(Encoding.Latin1.GetBytes(ReadString(parameter, LongestString)));
                break;
            case 0x05: // SYS_WRITE: bytes not written
                if (TryWord(parameter, 1, out ulong from) && TryWord(parameter, 2, out ulong count))
                    result = Write(from, count);
                break;
            case 0x06: // SYS_READ: bytes not read
                if (TryWord(parameter, 1, out ulong to) && TryWord(parameter, 2, out ulong wanted))
                    result = Read(to, wanted);
                break;
            case 0x07: // SYS_READC
                result = (ulong)(long)host.Read();
                break;
            case 0x09: // SYS_ISTTY
                result = 1;
                break;
            case 0x13: // SYS_ERRNO
                result = 0;
                break;
            case 0x15: // SYS_GET_CMDLINE
                if (TryWord(parameter, 0, out ulong buffer) && TryWord(parameter, 1, out ulong size))
                    result = CommandLine(parameter, buffer, size);
                break;
            case 0x18: // SYS_EXIT
                status = TryWord(parameter, 0, out ulong reason) && TryWord(parameter, 1, out ulong code) && reason == ApplicationExit ? (int)code : 1;
                return true;
            case 0x20: // SYS_EXIT_EXTENDED
                status = TryWord(parameter, 0, out reason) && TryWord(parameter, 1, out code) && reason == ApplicationExit ? (int)code : 1;
                return true;
            default:
                break;
        }

        vcpu.SetX(0, result);
        return false;
    }

    private bool TryWord(ulong block, int index, out ulong value)
    {
        value = 0;
        for (int i = 7; i >= 0; i--)
        {
            if (!vcpu.TryReadVirtual(block + (ulong)((index * 8) + i), out byte b))
                return false;
            value = (value << 8) | b;
        }

        return true;
    }

    private string ReadString(ulong address, int limit)
    {
        var text = new StringBuilder();
        while (text.Length < limit && vcpu.TryReadVirtual(address++, out byte b) && b != 0)
            text.Append((char)b);
        return text.ToString();
    }

    private ulong Write(ulong address, ulong count)
    {
        Span<byte> chunk = stackalloc byte[256];
        ulong rest = count - Math.Min(count, LongestTransfer);
        count -= rest;
        while (count != 0)
        {
            int filled = 0;
            while (filled < chunk.Length && (ulong)filled < count && vcpu.TryReadVirtual(address + (ulong)filled, out chunk[filled]))
                filled++;
            if (filled == 0)
                break;
            host.Write(chunk[..filled]);
            address += (ulong)filled;
            count -= (ulong)filled;
        }

        return count + rest;
    }

    private ulong Read(ulong address, ulong count)
    {
        ulong rest = count - Math.Min(count, LongestTransfer);
        count -= rest;
        while (count != 0)
        {
            int b = host.Read();
            if (b < 0 || !vcpu.TryWriteVirtual(address, (byte)b))
                break;
            address++;
            count--;
            if (b == '\n')
                break;
        }

        return count + rest;
    }

    private ulong CommandLine(ulong block, ulong buffer, ulong size)
    {
        byte[] text = Encoding.UTF8.GetBytes(host.CommandLine + "\0");
        if ((ulong)text.Length > size)
            return Failure;
        for (int i = 0; i < text.Length; i++)
        {
            if (!vcpu.TryWriteVirtual(buffer + (ulong)i, text[i]))
                return Failure;
        }

        ulong length = (ulong)text.Length - 1;
        for (int i = 0; i < 8; i++)
        {
            if (!vcpu.TryWriteVirtual(block + 8 + (ulong)i, (byte)(length >> (i * 8))))
                return Failure;
        }

        return 0;
    }
}

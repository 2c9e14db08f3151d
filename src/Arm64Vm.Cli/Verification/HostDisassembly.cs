using System.Globalization;
using Iced.Intel;

namespace Arm64Vm.Cli.Verification;

/// <summary>Emitted x86-64 code as text.</summary>
internal static class HostDisassembly
{
    public static void Write(byte[] code, ulong address, TextWriter output)
    {
        var decoder = Decoder.Create(64, code, address);
        var formatter = new NasmFormatter();
        var text = new StringOutput();
        while (decoder.IP < address + (ulong)code.Length)
        {
            decoder.Decode(out var instruction);
            if (instruction.IsInvalid)
            {
                // Descriptors of slow paths lie between the instructions.
                var offset = (int)(instruction.IP - address);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{instruction.IP,18:x}:  db {Convert.ToHexStringLower(code.AsSpan(offset, Math.Max(1, instruction.Length)))}"));
                continue;
            }

            formatter.Format(instruction, text);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{instruction.IP,18:x}:  {text.ToStringAndReset()}"));
        }
    }
}

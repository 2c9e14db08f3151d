using System.Buffers.Binary;
using System.CommandLine;
using System.Globalization;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Isa;
using Arm64Vm.Machine.Boot.Images;

namespace Arm64Vm.Cli.Commands;

/// <summary><c>arm64vm disasm</c>: instruction words from the command line, or the code of a file.</summary>
internal static class DisasmCommand
{
    private const int LongestWord = 8;

    /// <summary>Of what has no length, such as a pipe or /dev/zero.</summary>
    private const int LongestStream = 64 << 20;

    public static Command Make(CliStreams streams)
    {
        Argument<string[]> inputs = new("input") { Description = "An instruction word in hexadecimal, or an ELF, Image or raw file", HelpName = "FILE|HEX", Arity = ArgumentArity.OneOrMore };
        Option<string> origin = new("--base") { Description = "Address of the first word, or of the first byte of a raw file", HelpName = "ADDRESS", DefaultValueFactory = _ => "0" };
        var command = new Command("disasm", "Disassembles A64 instructions.") { inputs, origin };
        NotEmpty.Require(inputs, "the input");
        command.SetAction(parsed =>
        {
            var address = ParseAddress(parsed.GetValue(origin)!);
            foreach (var input in parsed.GetValue(inputs)!)
            {
                if (IsWord(input, out var word))
                {
                    Print(streams.Text, word, address);
                    address += 4;
                }
                else
                {
                    PrintFile(streams.Text, input, address);
                }
            }

            return ExitStatus.Success;
        });
        return command;
    }

    /// <summary>A word has at most eight digits and no file has its name.</summary>
    private static bool IsWord(string text, out uint word)
    {
        var digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        word = 0;
        return digits.Length is > 0 and <= LongestWord
            && uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out word)
            && !File.Exists(text);
    }

    private static ulong ParseAddress(string text)
    {
        var digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        return ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var address)
            ? address
            : throw CliException.Usage($"--base: '{text}' is not a hexadecimal address");
    }

    private static void PrintFile(TextWriter output, string path, ulong address)
    {
        if (Directory.Exists(path))
            throw CliException.Failure($"'{path}' is a folder");
        if (!File.Exists(path))
            throw CliException.Failure($"'{path}' is neither an instruction word nor a file");
        ReadOnlyMemory<byte> file = Read(path);
        var (segments, symbols) = CodeSegments.Find(file, address);
        foreach (var segment in segments)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{segment.Name} at 0x{segment.Address:x}:"));
            var code = segment.Data.Span;
            var isData = false;
            for (var at = 0; at + 4 <= code.Length; at += 4)
            {
                var place = segment.Address + (ulong)at;
                isData = symbols.BeginsData(place) ?? isData;
                foreach (var name in symbols.At(place))
                    output.WriteLine($"<{name}>:");
                var word = BinaryPrimitives.ReadUInt32LittleEndian(code[at..]);
                if (isData)
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{place,16:x}:  {word:x8}  .word 0x{word:x}"));
                else
                    Print(output, word, place);
            }
        }
    }

    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="CliException">It has no end, or more bytes than can be held.</exception>
    private static byte[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        var limit = file.CanSeek && file.Length > 0 ? Array.MaxLength : LongestStream;
        using var bytes = new MemoryStream();
        var block = new byte[1 << 20];
        int count;
        while ((count = file.Read(block)) > 0)
        {
            if (bytes.Length + count > limit)
                throw CliException.Failure($"'{path}' has more than {limit >> 20} MiB");
            bytes.Write(block, 0, count);
        }

        return bytes.ToArray();
    }

    private static void Print(TextWriter output, uint word, ulong address)
    {
        Span<char> text = stackalloc char[A64Disassembler.MaximumLength];
        var length = A64Disassembler.TryFormat(word, address, text, out var written) ? written : 0;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{address,16:x}:  {word:x8}  {text[..length]}"));
    }
}

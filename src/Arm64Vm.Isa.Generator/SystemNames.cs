using System.Globalization;

namespace Arm64Vm.Isa.Generator;

/// <summary>A name for the operands of MRS, MSR or SYS; <see cref="Key"/> is op0:op1:CRn:CRm:op2, without op0 for SYS.</summary>
internal readonly record struct SystemName(uint Key, string Name, string? WrittenName);

/// <summary>Reads system-registers.txt and system-instructions.txt.</summary>
internal static class SystemNames
{
    public static List<SystemName> ReadRegisters(string directory) =>
        Read(Path.Combine(directory, "system-registers.txt"), 5, line =>
        {
            string[] names = line.Split(' ');
            return (names[0], names.Length > 1 ? names[1] : null);
        });

    public static List<SystemName> ReadInstructions(string directory) =>
        Read(Path.Combine(directory, "system-instructions.txt"), 4, line => (line, null));

    private static List<SystemName> Read(string file, int operands, Func<string, (string Name, string? Written)> parse)
    {
        ReadOnlySpan<int> widths = [2, 3, 4, 4, 3];
        var names = new List<SystemName>();
        foreach (string line in File.ReadAllLines(file))
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            string[] columns = line.Split(' ', operands + 1, StringSplitOptions.RemoveEmptyEntries);
            uint key = 0;
            for (int i = 0; i < operands; i++)
            {
                int width = widths[5 - operands + i];
                uint value = uint.Parse(columns[i], CultureInfo.InvariantCulture);
                if (value >> width != 0)
                    throw new SpecException($"{Path.GetFileName(file)}: {line}: operand {i} is too large");
                key = (key << width) | value;
            }

            (string name, string? written) = parse(columns[operands].Trim());
            names.Add(new SystemName(key, name, written));
        }

        return names;
    }
}

namespace Arm64Vm.Isa.Generator;

/// <summary>Reads the <c>*.a64</c> files; their README describes the format.</summary>
internal static class SpecReader
{
    public static List<EncodingRow> ReadDirectory(string directory)
    {
        var rows = new List<EncodingRow>();
        foreach (string file in Directory.GetFiles(directory, "*.a64").Order(StringComparer.Ordinal))
            Read(Path.GetFileName(file), File.ReadAllLines(file), rows);
        var names = new HashSet<string>(StringComparer.Ordinal) { "Undefined" };
        foreach (EncodingRow row in rows)
        {
            if (!names.Add(row.EnumName))
                throw new SpecException($"{row.EnumName}: two rows have this name");
        }

        return rows;
    }

    public static void Read(string file, IReadOnlyList<string> lines, List<EncodingRow> rows)
    {
        string? group = null;
        string? feature = null;
        for (int i = 0; i < lines.Count; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line.StartsWith("group ", StringComparison.Ordinal))
            {
                group = line[6..].Trim();
            }
            else if (line.StartsWith("feature ", StringComparison.Ordinal))
            {
                feature = line[8..].Trim();
            }
            else
            {
                try
                {
                    rows.Add(ReadRow(line, group ?? throw new SpecException("no group yet"), feature));
                }
                catch (SpecException e)
                {
                    throw new SpecException($"{file}:{i + 1}: {e.Message}");
                }
            }
        }
    }

    private static EncodingRow ReadRow(string line, string group, string? feature)
    {
        string[] columns = line.Split('|', StringSplitOptions.TrimEntries);
        if (columns.Length < 3)
            throw new SpecException("a row has at least three columns");
        string pattern = columns[2].Replace(" ", "", StringComparison.Ordinal);
        if (pattern.Length != 32)
            throw new SpecException($"{pattern.Length} bits instead of 32");
        var rejected = new List<Cube>();
        foreach (string column in columns.Skip(3))
        {
            if (column.StartsWith('!'))
            {
                foreach (string cube in column.Split('!', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                    rejected.Add(ReadCube(pattern, cube));
            }
            else
            {
                feature = column;
            }
        }

        return new EncodingRow(
            columns[0], columns[1], pattern, group, feature ?? throw new SpecException("no feature yet"), FixedBits(pattern), rejected.ToArray());
    }

    private static Cube FixedBits(string pattern)
    {
        uint mask = 0, value = 0;
        foreach (char c in pattern)
        {
            if (!char.IsAsciiLetter(c) && c is not ('0' or '1' or '-'))
                throw new SpecException($"'{c}' in a pattern");
            mask = (mask << 1) | (c is '0' or '1' ? 1u : 0);
            value = (value << 1) | (c is '1' ? 1u : 0);
        }

        return new Cube(mask, value);
    }

    private static Cube ReadCube(string pattern, string text)
    {
        uint mask = 0, value = 0;
        foreach (string term in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (term.Length < 3 || term[1] != '=')
                throw new SpecException($"'{term}' is not field=bits");
            int digit = 2;
            for (int i = 0; i < 32; i++)
            {
                if (pattern[i] != term[0])
                    continue;
                if (digit == term.Length)
                    throw new SpecException($"'{term}' has too few bits");
                uint bit = 1u << (31 - i);
                char c = term[digit++];
                if (c != 'x')
                    mask |= bit;
                if (c == '1')
                    value |= bit;
                if (c is not ('0' or '1' or 'x'))
                    throw new SpecException($"'{c}' in '{term}'");
            }

            if (digit != term.Length)
                throw new SpecException($"'{term}' has too many bits");
        }

        return new Cube(mask, value);
    }
}

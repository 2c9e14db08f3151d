using System.Globalization;

namespace Arm64Vm.Isa;

/// <summary>How much of the table something implements: the lifters, a test's words.</summary>
internal static class A64CoverageReport
{
    /// <summary>Number of encodings, without <see cref="A64Opcode.Undefined"/>, that <paramref name="isCovered"/> accepts.</summary>
    public static int Count(Predicate<A64Opcode> isCovered)
    {
        int count = 0;
        for (int op = 1; op < A64Opcodes.Count; op++)
            count += isCovered((A64Opcode)op) ? 1 : 0;
        return count;
    }

    /// <summary>A line for every group: covered, all, name, and the encodings that are missing; then the total.</summary>
    public static void Write(TextWriter output, Predicate<A64Opcode> isCovered)
    {
        int first = 1;
        while (first < A64Opcodes.Count)
        {
            A64Group group = A64Opcodes.Group((A64Opcode)first);
            int end = first;
            int covered = 0;
            string missing = "";
            // The rows of one group are together in the table.
            for (; end < A64Opcodes.Count && A64Opcodes.Group((A64Opcode)end) == group; end++)
            {
                if (isCovered((A64Opcode)end))
                    covered++;
                else
                    missing += $" {(A64Opcode)end}";
            }

            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{covered,4} / {end - first,3} {group}{(missing.Length > 0 ? ":" : "")}{missing}"));
            first = end;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Count(isCovered),4} / {A64Opcodes.Count - 1,3}"));
    }
}

namespace Arm64Vm.Ir.Tests.SoftFloat;

public class FpVectorTests
{
    [Fact]
    public void EveryFloatingPointInstructionMatchesItsVectorInValueAndFlags()
    {
        byte[] states = File.ReadAllBytes(Path.Combine(FpVector.Folder, "states.bin"));
        int executed = 0;
        var failures = new List<string>();
        var names = new HashSet<string>();
        foreach (FpVector vector in FpVector.ReadAll())
        {
            string name = vector.Text[..vector.Text.IndexOf(' ', StringComparison.Ordinal)];
            if (!IsSoftFloat(name))
                continue;
            var machine = new FpMachine(states, vector.State);
            var expected = new FpMachine(states, vector.State);
            expected.Apply(vector.Out);
            Assert.True(new FpEvaluator(machine).Execute(vector.Text), vector.Text);
            executed++;
            names.Add(name);
            string differences = machine.Differences(expected);
            if (differences.Length != 0)
                failures.Add($"{vector.Text} (state {vector.State}, fpcr {machine.Fpcr:x}): {differences}");
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {executed}:\n" + string.Join('\n', failures.Take(40)));
        Assert.True(executed > 19_000 && names.Count >= 89, $"{executed} vectors of {names.Count} instructions");
    }

    /// <summary>Moves and selections have no arithmetic; conditional compares are FCMP behind a condition.</summary>
    private static bool IsSoftFloat(string name) =>
        name is not ("fmov" or "fcsel" or "fccmp" or "fccmpe")
        && (name[0] == 'f' || name.StartsWith("bf", StringComparison.Ordinal) || name is "scvtf" or "ucvtf" or "urecpe" or "ursqrte")
        && name is not ("bfm" or "bfi" or "bfxil");
}

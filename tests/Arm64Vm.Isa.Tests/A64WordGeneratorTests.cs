namespace Arm64Vm.Isa.Tests;

public class A64WordGeneratorTests
{
    [Fact]
    public void SameSeedSameWords()
    {
        var a = new A64WordGenerator(42);
        var b = new A64WordGenerator(42);
        var c = new A64WordGenerator(43);
        Assert.True(a.TryNext(A64Opcode.AddImmediate, out uint fromA));
        Assert.True(b.TryNext(A64Opcode.AddImmediate, out uint fromB));
        Assert.True(c.TryNext(A64Opcode.AddImmediate, out uint fromC));
        Assert.Equal(fromA, fromB);
        Assert.NotEqual(fromA, fromC);
    }

    [Fact]
    public void EveryEncodingHasWords()
    {
        var generator = new A64WordGenerator(7);
        for (int op = 1; op < A64Opcodes.Count; op++)
        {
            Assert.True(generator.TryNext((A64Opcode)op, out uint word), $"{(A64Opcode)op}");
            Assert.Equal((A64Opcode)op, A64Decoder.Decode(word));
        }
    }

    [Fact]
    public void FieldsTakeAllValues()
    {
        var generator = new A64WordGenerator(9);
        uint ones = 0, zeros = 0;
        for (int i = 0; i < 200; i++)
        {
            Assert.True(generator.TryNext(A64Opcode.AddExtended, out uint word));
            ones |= word;
            zeros |= ~word;
        }

        Assert.Equal(~A64Opcodes.Mask(A64Opcode.AddExtended), ones & zeros);
    }
}

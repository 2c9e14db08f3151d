using System.Numerics;

namespace Arm64Vm.Isa.Tests;

public class A64DecoderTests
{
    /// <summary>The table searched row by row, without the tree: what Decode must agree with.</summary>
    private sealed class LinearSearch(uint knownMask = 0, uint known = 0)
    {
        private readonly int[] _bySpecificity =
        [
            .. Enumerable.Range(1, A64Opcodes.Count - 1)
                .Where(op => ((A64Opcodes.Value((A64Opcode)op) ^ known) & A64Opcodes.Mask((A64Opcode)op) & knownMask) == 0)
                .OrderByDescending(op => BitOperations.PopCount(A64Opcodes.Mask((A64Opcode)op))),
        ];

        public A64Opcode Decode(uint word)
        {
            foreach (int op in _bySpecificity)
            {
                if ((word & A64Table.Masks[op]) != A64Table.Values[op])
                    continue;
                bool rejected = false;
                for (int i = A64Table.RejectedStart[op]; i < A64Table.RejectedStart[op + 1]; i++)
                    rejected |= (word & A64Table.RejectedMasks[i]) == A64Table.RejectedValues[i];
                if (!rejected)
                    return (A64Opcode)op;
            }

            return A64Opcode.Undefined;
        }
    }

    [Fact]
    public void TreeAgreesWithLinearSearchOnASweep()
    {
        var linear = new LinearSearch();
        var random = new A64WordGenerator(1);
        // All values of the bits that classify, with random registers and immediates below.
        for (uint top = 0; top < 1 << 16; top++)
        {
            for (int i = 0; i < 4; i++)
            {
                uint word = (top << 16) | (random.NextWord() & 0xffff);
                Assert.Equal(linear.Decode(word), A64Decoder.Decode(word));
            }
        }
    }

    [Fact]
    public void TreeAgreesWithLinearSearchNearEveryEncoding()
    {
        var linear = new LinearSearch();
        var random = new A64WordGenerator(2);
        for (int op = 1; op < A64Opcodes.Count; op++)
        {
            Assert.True(random.TryNext((A64Opcode)op, out uint word), $"{(A64Opcode)op} takes no word");
            for (int bit = 0; bit < 32; bit++)
            {
                uint neighbour = word ^ (1u << bit);
                Assert.Equal(linear.Decode(neighbour), A64Decoder.Decode(neighbour));
            }
        }
    }

    [Fact]
    public void FullSweepAgreesWithLinearSearch()
    {
        if (Environment.GetEnvironmentVariable("ARM64VM_FULL_SWEEP") != "1")
            Assert.Skip("2^32 words take minutes: set ARM64VM_FULL_SWEEP=1.");
        Parallel.For(0, 1 << 16, top =>
        {
            var linear = new LinearSearch(0xffff0000, (uint)top << 16);
            for (uint low = 0; low < 1 << 16; low++)
            {
                uint word = ((uint)top << 16) | low;
                A64Opcode op = A64Decoder.Decode(word);
                if (op != linear.Decode(word))
                    Assert.Fail($"{word:x8}: {op} instead of {linear.Decode(word)}");
            }
        });
    }

    [Fact]
    public void DecodeAllocatesNothing()
    {
        var random = new A64WordGenerator(3);
        int defined = 0;
        A64Decoder.Decode(0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100_000; i++)
            defined += A64Decoder.Decode(random.NextWord()) != A64Opcode.Undefined ? 1 : 0;
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.InRange(defined, 1, 99_999);
    }

    [Theory]
    [InlineData(0x00000000u, A64Opcode.Udf)]
    [InlineData(0xd503201fu, A64Opcode.Nop)]
    [InlineData(0xd503245fu, A64Opcode.Bti)]
    [InlineData(0xd503309fu, A64Opcode.Ssbb)]
    [InlineData(0xd5033f9fu, A64Opcode.Dsb)]
    [InlineData(0x91000420u, A64Opcode.AddImmediate)]
    [InlineData(0xd69f03e0u, A64Opcode.Eret)]
    [InlineData(0x0f000c00u, A64Opcode.Undefined)] // FMOV (vector, immediate) with op 0, o2 1: FP16 only
    [InlineData(0x2f00f400u, A64Opcode.Undefined)] // FMOV of a double needs Q
    [InlineData(0x12400000u, A64Opcode.Undefined)] // AND (immediate), 32-bit with N
    [InlineData(0x08237c20u, A64Opcode.Undefined)] // CASP of an odd pair
    public void DecodesByHand(uint word, object expected) => Assert.Equal((A64Opcode)expected, A64Decoder.Decode(word));
}

using System.Buffers.Binary;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>Reference counts of 1 to 64 bits in a cluster.</summary>
/// <param name="order">A count has 1 &lt;&lt; order bits.</param>
internal readonly struct RefcountBlock(int order)
{
    public ulong Maximum => order == 6 ? ulong.MaxValue : (1ul << (1 << order)) - 1;

    /// <summary>Counts in a cluster.</summary>
    public int CountsIn(int clusterSize) => (int)((long)clusterSize * 8 >> order);

    public ulong Read(ReadOnlySpan<byte> block, int index) => order switch
    {
        // Less than a byte: the first count is in the lowest bits.
        < 3 => (ulong)(block[index >> (3 - order)] >> Shift(index)) & Maximum,
        3 => block[index],
        4 => BinaryPrimitives.ReadUInt16BigEndian(block[(index * 2)..]),
        5 => BinaryPrimitives.ReadUInt32BigEndian(block[(index * 4)..]),
        _ => BinaryPrimitives.ReadUInt64BigEndian(block[(index * 8)..]),
    };

    /// <summary>Changes a count.</summary>
    /// <returns>The bytes that changed.</returns>
    public (int From, int Length) Write(Span<byte> block, int index, ulong value)
    {
        switch (order)
        {
            case < 3:
                ref var bits = ref block[index >> (3 - order)];
                bits = (byte)((bits & ~((int)Maximum << Shift(index))) | ((int)value << Shift(index)));
                return (index >> (3 - order), 1);
            case 3:
                block[index] = (byte)value;
                return (index, 1);
            case 4:
                BinaryPrimitives.WriteUInt16BigEndian(block[(index * 2)..], (ushort)value);
                return (index * 2, 2);
            case 5:
                BinaryPrimitives.WriteUInt32BigEndian(block[(index * 4)..], (uint)value);
                return (index * 4, 4);
            default:
                BinaryPrimitives.WriteUInt64BigEndian(block[(index * 8)..], value);
                return (index * 8, 8);
        }
    }

    private int Shift(int index) => (index & ((8 >> order) - 1)) << order;
}

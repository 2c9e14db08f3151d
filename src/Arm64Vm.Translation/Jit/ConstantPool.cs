namespace Arm64Vm.Translation.Jit;

/// <summary>128-bit constants in the code buffer, deduplicated by open addressing.</summary>
/// <remarks>SAFETY: owns the 16-byte slots at [rw, rw + entries * 16) of the code buffer for the cache's lifetime; one thread.</remarks>
internal sealed unsafe class ConstantPool
{
    private readonly byte* rw;
    private readonly byte* rx;
    private readonly int mask;

    /// <summary>A bit for each slot.</summary>
    private readonly ulong[] used;
    private int count;

    public ConstantPool(byte* rw, byte* rx, int entries)
    {
        this.rw = rw;
        this.rx = rx;
        mask = entries - 1;
        used = new ulong[entries / 64];
    }

    /// <summary>True where a further constant may not fit: time to start afresh.</summary>
    public bool IsCrowded => count > (mask + 1) / 4 * 3;

    /// <summary>Host RX address of the constant.</summary>
    public long AddressOf(ulong low, ulong high)
    {
        ulong hash = (low * 0x9E3779B97F4A7C15UL) ^ (high * 0xC2B2AE3D27D4EB4FUL);
        int slot = (int)(hash >> 40) & mask;
        while (true)
        {
            ulong* entry = (ulong*)(rw + (slot * 16));
            if ((used[slot >> 6] & (1UL << (slot & 63))) == 0)
            {
                if (count > mask - 1)
                    throw new InvalidOperationException("the constant pool is full");
                used[slot >> 6] |= 1UL << (slot & 63);
                count++;
                entry[0] = low;
                entry[1] = high;
                return (long)(rx + (slot * 16));
            }

            if (entry[0] == low && entry[1] == high)
                return (long)(rx + (slot * 16));
            slot = (slot + 1) & mask;
        }
    }

    public void Clear()
    {
        Array.Clear(used);
        count = 0;
    }
}

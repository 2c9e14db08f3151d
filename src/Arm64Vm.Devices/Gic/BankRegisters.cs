namespace Arm64Vm.Devices.Gic;

/// <summary>The register arrays that distributors and redistributors share, by offset from the frame: one bit, one byte or two bits per interrupt.</summary>
internal static class BankRegisters
{
    public const ulong First = 0x80;
    public const ulong Last = 0xCFF;
    private const ulong Group = 0x080;
    private const ulong SetEnable = 0x100;
    private const ulong ClearEnable = 0x180;
    private const ulong SetPending = 0x200;
    private const ulong ClearPending = 0x280;
    private const ulong SetActive = 0x300;
    private const ulong ClearActive = 0x380;
    private const ulong Priority = 0x400;
    private const ulong Configuration = 0xC00;

    /// <summary>Offset of the priority bytes, and of what follows them.</summary>
    public static bool IsPriority(ulong offset) => offset is >= Priority and < 0x800;

    /// <summary>Reads a word of the bank that holds interrupts from <paramref name="firstId"/> on; zero where the bank has none.</summary>
    public static uint Read(InterruptBank bank, int firstId, ulong offset)
    {
        if (IsPriority(offset))
        {
            uint value = 0;
            for (int i = 3; i >= 0; i--)
                value = (value << 8) | ReadPriority(bank, firstId, offset + (ulong)i);
            return value;
        }

        if (offset >= Configuration)
            return ReadConfiguration(bank, firstId, offset);
        if (!TryWord(bank, firstId, offset, out int word))
            return 0;
        return (offset & ~0x7FUL) switch
        {
            Group => bank.Group(word),
            SetEnable or ClearEnable => bank.Enabled(word),
            SetPending or ClearPending => bank.Pending(word),
            SetActive or ClearActive => bank.Active(word),
            _ => 0,
        };
    }

    /// <summary>Writes a word. Returns whose signalling it may have changed.</summary>
    public static Affected Write(InterruptBank bank, int firstId, ulong offset, uint value)
    {
        if (IsPriority(offset))
        {
            int index = (int)(offset - Priority) - firstId;
            if ((uint)index >= (uint)bank.Count)
                return default;
            for (int i = 0; i < 4; i++)
                WritePriority(bank, firstId, offset + (ulong)i, (byte)(value >> (i * 8)));
            return new Affected(index / 32, bank.Pending(index / 32) & (0xFu << (index & 31)));
        }

        if (offset >= Configuration)
            return WriteConfiguration(bank, firstId, offset, value);
        if (!TryWord(bank, firstId, offset, out int word))
            return default;
        uint before = bank.Pending(word);
        switch (offset & ~0x7FUL)
        {
            case Group:
                uint changed = bank.Group(word) ^ value;
                bank.SetGroup(word, value);
                value = changed;
                break;
            case SetEnable: bank.Enable(word, value); break;
            case ClearEnable: bank.Disable(word, value); break;
            case SetPending: bank.SetPending(word, value); break;
            case ClearPending: bank.ClearPending(word, value); break;
            case SetActive: bank.SetActive(word, value); break;
            case ClearActive: bank.ClearActive(word, value); break;
            default: return default;
        }

        return new Affected(word, value & (before | bank.Pending(word)));
    }

    /// <summary>Interrupts of one word of a bank, pending before or after a write.</summary>
    public readonly record struct Affected(int Word, uint Mask);

    public static byte ReadPriority(InterruptBank bank, int firstId, ulong offset)
    {
        int index = (int)(offset - Priority) - firstId;
        return (uint)index < (uint)bank.Count ? bank.Priority(index) : (byte)0;
    }

    public static void WritePriority(InterruptBank bank, int firstId, ulong offset, byte value)
    {
        int index = (int)(offset - Priority) - firstId;
        if ((uint)index < (uint)bank.Count)
            bank.SetPriority(index, (byte)(value & InterruptBank.PriorityMask));
    }

    /// <summary>Writes one interrupt's priority. Returns whose signalling it may have changed.</summary>
    public static Affected WriteBytePriority(InterruptBank bank, int firstId, ulong offset, byte value)
    {
        int index = (int)(offset - Priority) - firstId;
        if ((uint)index >= (uint)bank.Count)
            return default;
        WritePriority(bank, firstId, offset, value);
        return new Affected(index / 32, bank.Pending(index / 32) & (1u << (index & 31)));
    }

    private static bool TryWord(InterruptBank bank, int firstId, ulong offset, out int word)
    {
        word = (int)((offset & 0x7F) / 4) - (firstId / 32);
        return (uint)word < (uint)bank.Words;
    }

    /// <summary>Bit 2n+1 of the field for interrupt n says edge; the other bit is reserved.</summary>
    private static uint ReadConfiguration(InterruptBank bank, int firstId, ulong offset)
    {
        int index = ((int)(offset - Configuration) * 4) - firstId;
        if ((uint)index >= (uint)bank.Count)
            return 0;
        uint edge = bank.Edge(index / 32) >> (index & 31);
        uint value = 0;
        for (int i = 0; i < 16; i++)
            value |= ((edge >> i) & 1) << ((i * 2) + 1);
        return value;
    }

    private static Affected WriteConfiguration(InterruptBank bank, int firstId, ulong offset, uint value)
    {
        int index = ((int)(offset - Configuration) * 4) - firstId;

        // SGIs are always edge-triggered.
        if ((uint)index >= (uint)bank.Count || firstId + index < InterruptController.FirstPpi)
            return default;
        uint edge = 0;
        for (int i = 0; i < 16; i++)
            edge |= ((value >> ((i * 2) + 1)) & 1) << i;
        int shift = index & 31;
        uint before = bank.Pending(index / 32);
        bank.SetEdge(index / 32, 0xFFFFu << shift, edge << shift);
        return new Affected(index / 32, (0xFFFFu << shift) & (before | bank.Pending(index / 32)));
    }
}

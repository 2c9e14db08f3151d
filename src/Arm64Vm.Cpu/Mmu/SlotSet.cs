using System.Numerics;

namespace Arm64Vm.Cpu.Mmu;

/// <summary>A set of slots of a table, whose members are found without a look at every slot.</summary>
internal sealed class SlotSet
{
    private readonly ulong[] _words;

    /// <summary>Bit n of word m: word 64 m + n has members.</summary>
    private readonly ulong[] _summary;

    /// <param name="slots">Slots are 0 to one less; a multiple of 4096.</param>
    public SlotSet(int slots)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(slots % 4096, 0);
        _words = new ulong[slots / 64];
        _summary = new ulong[slots / 4096];
    }

    public void Add(int slot)
    {
        int word = slot >> 6;
        _words[word] |= 1UL << (slot & 63);
        _summary[word >> 6] |= 1UL << (word & 63);
    }

    public void Remove(int slot) => _words[slot >> 6] &= ~(1UL << (slot & 63));

    public void Clear()
    {
        for (int i = 0; i < _summary.Length; i++)
        {
            for (ulong words = _summary[i]; words != 0; words &= words - 1)
                _words[(i << 6) + BitOperations.TrailingZeroCount(words)] = 0;
            _summary[i] = 0;
        }
    }

    public Enumerator GetEnumerator() => new(this);

    /// <summary>Members in ascending order. The set must not get members meanwhile.</summary>
    public struct Enumerator(SlotSet set)
    {
        private int _part;
        private int _word;
        private ulong _left = set._summary[0];
        private ulong _bits;

        public int Current { get; private set; }

        public bool MoveNext()
        {
            while (_bits == 0)
            {
                while (_left == 0)
                {
                    if (++_part == set._summary.Length)
                    {
                        _part--;
                        return false;
                    }

                    _left = set._summary[_part];
                }

                _word = (_part << 6) + BitOperations.TrailingZeroCount(_left);
                _left &= _left - 1;
                _bits = set._words[_word];
            }

            Current = (_word << 6) + BitOperations.TrailingZeroCount(_bits);
            _bits &= _bits - 1;
            return true;
        }
    }
}

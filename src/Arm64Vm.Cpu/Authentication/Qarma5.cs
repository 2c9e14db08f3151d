namespace Arm64Vm.Cpu.Authentication;

/// <summary>QARMA with 64-bit blocks, five rounds and the S-box σ2 (R. Avanzi, "The QARMA Block Cipher Family", 2017): ComputePAC of FEAT_PACQARMA5.</summary>
/// <remarks>A block is sixteen 4-bit cells; cell 0 is the least significant here, where the paper counts from the other end.</remarks>
internal static class Qarma5
{
    private const int Rounds = 4;
    private const ulong Alpha = 0xC0AC_29B7_C97C_50DD;

    private static ReadOnlySpan<ulong> RoundConstants => [0, 0x1319_8A2E_0370_7344, 0xA409_3822_299F_31D0, 0x082E_FA98_EC4E_6C89, 0x4528_21E6_38D0_1377];

    private static ReadOnlySpan<byte> SBox => [0xB, 0x6, 0x8, 0xF, 0xC, 0x0, 0x9, 0xE, 0x3, 0x7, 0x4, 0x5, 0xD, 0x2, 0x1, 0xA];

    private static ReadOnlySpan<byte> InverseSBox => [0x5, 0xE, 0xD, 0x8, 0xA, 0xB, 0x1, 0x9, 0x2, 0x6, 0xF, 0x0, 0x4, 0xC, 0x7, 0x3];

    /// <summary>The cell that moves to each place: τ = [0 11 6 13 10 1 12 7 5 14 3 8 15 4 9 2] counted from the most significant cell.</summary>
    private static ReadOnlySpan<byte> Shuffle => [13, 6, 11, 0, 7, 12, 1, 10, 8, 3, 14, 5, 2, 9, 4, 15];

    /// <summary>The tweak's permutation h = [6 5 14 15 0 1 2 3 7 12 13 4 8 9 10 11] counted from the most significant cell.</summary>
    private static ReadOnlySpan<byte> TweakShuffle => [4, 5, 6, 7, 11, 2, 3, 8, 12, 13, 14, 15, 0, 1, 10, 9];

    /// <summary>Tweak cells that pass through the shift register ω, as a mask: 0 1 3 4 8 11 13 counted from the most significant cell.</summary>
    private const uint StepCells = 1u << 15 | 1u << 14 | 1u << 12 | 1u << 11 | 1u << 7 | 1u << 4 | 1u << 2;

    public static ulong Compute(ulong block, ulong tweak, ulong keyLow, ulong keyHigh)
    {
        ulong whitening = keyHigh;
        ulong core = keyLow;
        ulong orthomorphism = ulong.RotateRight(whitening, 1) ^ (whitening >> 63);
        ulong state = block ^ whitening;
        for (int i = 0; i <= Rounds; i++)
        {
            state ^= core ^ tweak ^ RoundConstants[i];
            if (i > 0)
                state = MixColumns(Permute(state, Shuffle));
            state = Substitute(state, SBox);
            tweak = NextTweak(tweak);
        }

        // The reflector in the middle.
        state ^= orthomorphism ^ tweak;
        state = Substitute(MixColumns(Permute(state, Shuffle)), SBox);
        state = MixColumns(Permute(state, Shuffle)) ^ core;
        state = Substitute(PermuteBack(state, Shuffle), InverseSBox);
        state = PermuteBack(MixColumns(state), Shuffle) ^ whitening ^ tweak;

        for (int i = 0; i <= Rounds; i++)
        {
            state = Substitute(state, InverseSBox);
            if (i < Rounds)
                state = PermuteBack(MixColumns(state), Shuffle);
            tweak = PreviousTweak(tweak);
            state ^= core ^ tweak ^ RoundConstants[Rounds - i] ^ Alpha;
        }

        return state ^ orthomorphism;
    }

    private static ulong Cell(ulong block, int index) => (block >> (index * 4)) & 15;

    private static ulong Substitute(ulong block, ReadOnlySpan<byte> box)
    {
        ulong result = 0;
        for (int i = 0; i < 16; i++)
            result |= (ulong)box[(int)Cell(block, i)] << (i * 4);
        return result;
    }

    private static ulong Permute(ulong block, ReadOnlySpan<byte> from)
    {
        ulong result = 0;
        for (int i = 0; i < 16; i++)
            result |= Cell(block, from[i]) << (i * 4);
        return result;
    }

    private static ulong PermuteBack(ulong block, ReadOnlySpan<byte> from)
    {
        ulong result = 0;
        for (int i = 0; i < 16; i++)
            result |= Cell(block, i) << (from[i] * 4);
        return result;
    }

    /// <summary>The involutory matrix circ(0, ρ, ρ², ρ) over each column of four cells, ρ a rotation left by one.</summary>
    private static ulong MixColumns(ulong block)
    {
        ulong result = 0;
        for (int column = 0; column < 4; column++)
        {
            for (int row = 0; row < 4; row++)
            {
                ulong mixed = Rotate(At(row + 1), 1) ^ Rotate(At(row + 2), 2) ^ Rotate(At(row + 3), 1);
                result |= mixed << (((row * 4) + column) * 4);
            }

            ulong At(int row) => Cell(block, ((row & 3) * 4) + column);
        }

        return result;

        static ulong Rotate(ulong cell, int count) => ((cell << count) | (cell >> (4 - count))) & 15;
    }

    private static ulong NextTweak(ulong tweak)
    {
        tweak = Permute(tweak, TweakShuffle);
        ulong result = 0;
        for (int i = 0; i < 16; i++)
        {
            ulong cell = Cell(tweak, i);
            if ((StepCells & (1u << i)) != 0)
                cell = (cell >> 1) | (((cell ^ (cell >> 1)) & 1) << 3);
            result |= cell << (i * 4);
        }

        return result;
    }

    private static ulong PreviousTweak(ulong tweak)
    {
        ulong result = 0;
        for (int i = 0; i < 16; i++)
        {
            ulong cell = Cell(tweak, i);
            if ((StepCells & (1u << i)) != 0)
                cell = ((cell << 1) & 15) | ((cell ^ (cell >> 3)) & 1);
            result |= cell << (i * 4);
        }

        return PermuteBack(result, TweakShuffle);
    }
}

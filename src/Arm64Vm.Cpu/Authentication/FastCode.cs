using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Cpu.Authentication;

/// <summary>The implementation-defined algorithm: three AES rounds of {pointer, modifier} under the key, after adding the key; the low half is the code.</summary>
/// <remarks>Two rounds spread every bit over the whole state; the third leaves no simple relation to the input. The x86-64 back end emits the same.</remarks>
internal static class FastCode
{
    private const int Rounds = 3;

    public static ulong Compute(ulong pointer, ulong modifier, ulong keyLow, ulong keyHigh)
    {
        if (Aes.IsSupported)
        {
            Vector128<byte> key = Vector128.Create(keyLow, keyHigh).AsByte();
            Vector128<byte> state = Vector128.Create(pointer, modifier).AsByte() ^ key;
            for (int i = 0; i < Rounds; i++)
                state = Aes.Encrypt(state, key);
            return state.AsUInt64().ToScalar();
        }

        Bits128 word = new(pointer ^ keyLow, modifier ^ keyHigh);
        for (int i = 0; i < Rounds; i++)
        {
            word = AesRound.Encrypt(word);
            word = new Bits128(word.Lo ^ keyLow, word.Hi ^ keyHigh);
        }

        return word.Lo;
    }
}

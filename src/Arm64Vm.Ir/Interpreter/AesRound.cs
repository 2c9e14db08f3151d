namespace Arm64Vm.Ir.Interpreter;

/// <summary>One round of AES without its key (FIPS 197), for hosts without AES instructions.</summary>
internal static class AesRound
{
    /// <summary>MixColumns(ShiftRows(SubBytes(state))).</summary>
    public static Bits128 Encrypt(Bits128 state) => VectorOperations.AesMixColumns(VectorOperations.AesSubShift(state, inverse: false), inverse: false);
}

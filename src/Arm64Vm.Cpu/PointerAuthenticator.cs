using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>The five keys of FEAT_PAuth, in the order of their storage.</summary>
internal enum PointerKey
{
    IA,
    IB,
    DA,
    DB,
    GA,
}

/// <summary>Pointer authentication with an implementation-defined algorithm (Arm ARM D8.10; ID_AA64ISAR1_EL1.API).</summary>
internal static class PointerAuthenticator
{
    private const ulong TagByte = 0xFF00_0000_0000_0000;
    private const ulong SelectBit = 1UL << 55;

    /// <summary>PACIA and its kin.</summary>
    public static ulong Sign(Vcpu vcpu, ulong pointer, ulong modifier, PointerKey key)
    {
        if (!IsEnabled(vcpu, key))
            return pointer;

        bool tbi = vcpu.Stage1.IgnoresTopByte(pointer, key < PointerKey.DA);
        bool select = (pointer & (tbi ? SelectBit : 1UL << 63)) != 0;
        int bottom = vcpu.Stage1.InputBits(select);
        ulong field = Field(bottom, tbi);
        ulong extended = select ? pointer | field | SelectBit : pointer & ~(field | SelectBit);
        ulong code = Compute(vcpu, extended, modifier, key);

        // A pointer that was not canonical gets a code that will not authenticate.
        ulong unused = field | SelectBit;
        if ((pointer & unused) != 0 && (pointer & unused) != unused)
            code ^= tbi ? 1UL << 54 : 1UL << 62;
        return (extended & ~field) | (code & field);
    }

    /// <summary>AUTIA and its kin: the original pointer, or one that faults when used.</summary>
    public static ulong Authenticate(Vcpu vcpu, ulong pointer, ulong modifier, PointerKey key)
    {
        if (!IsEnabled(vcpu, key))
            return pointer;

        bool tbi = vcpu.Stage1.IgnoresTopByte(pointer, key < PointerKey.DA);
        bool select = (pointer & SelectBit) != 0;
        ulong field = Field(vcpu.Stage1.InputBits(select), tbi);
        ulong original = select ? pointer | field : pointer & ~field;
        ulong code = Compute(vcpu, original, modifier, key);
        if (((code ^ pointer) & field) == 0)
            return original;

        ulong error = key is PointerKey.IB or PointerKey.DB ? 2UL : 1UL;
        int position = tbi ? 53 : 61;
        return (original & ~(3UL << position)) | (error << position);
    }

    /// <summary>XPACI, XPACD.</summary>
    public static ulong Strip(Vcpu vcpu, ulong pointer, bool isCode)
    {
        bool select = (pointer & SelectBit) != 0;
        ulong field = Field(vcpu.Stage1.InputBits(select), vcpu.Stage1.IgnoresTopByte(pointer, isCode));
        return select ? pointer | field : pointer & ~field;
    }

    /// <summary>PACGA.</summary>
    public static ulong SignGeneric(Vcpu vcpu, ulong value, ulong modifier) =>
        Compute(vcpu, value, modifier, PointerKey.GA) & 0xFFFF_FFFF_0000_0000;

    private static bool IsEnabled(Vcpu vcpu, PointerKey key) =>
        (vcpu.Slot(SystemSlot.Sctlr) & key switch
        {
            PointerKey.IA => SctlrBits.EnableKeyIA,
            PointerKey.IB => SctlrBits.EnableKeyIB,
            PointerKey.DA => SctlrBits.EnableKeyDA,
            _ => SctlrBits.EnableKeyDB,
        }) != 0;

    /// <summary>Where the code goes: from the bottom bit to 54, and the top byte unless it is ignored.</summary>
    private static ulong Field(int bottom, bool tbi) =>
        ((SelectBit - 1) & ~((1UL << bottom) - 1)) | (tbi ? 0 : TagByte);

    /// <summary>Two widening multiplications keyed by the 128-bit key; unpredictable without it for what a guest can observe.</summary>
    private static ulong Compute(Vcpu vcpu, ulong pointer, ulong modifier, PointerKey key)
    {
        SystemSlot slot = SystemSlot.KeyIALow + ((int)key * 2);
        ulong low = vcpu.Slot(slot);
        ulong high = vcpu.Slot(slot + 1);
        ulong a = Math.BigMul(pointer ^ low, 0x9E37_79B9_7F4A_7C15, out ulong b);
        ulong c = Math.BigMul(a ^ b ^ modifier ^ high, 0xD6E8_FEB8_6659_FD93, out ulong d);
        ulong e = Math.BigMul(c ^ d ^ low, high | 1, out ulong f);
        return c ^ e ^ f ^ ulong.RotateLeft(d, 29);
    }
}

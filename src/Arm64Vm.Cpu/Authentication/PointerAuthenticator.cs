using Arm64Vm.Cpu.Mmu;

namespace Arm64Vm.Cpu.Authentication;

/// <summary>Pointer authentication with FEAT_PAuth2: codes are mixed into a pointer's unused bits (Arm ARM D8.10, AddPAC, Auth, Strip).</summary>
internal static class PointerAuthenticator
{
    private const ulong TagByte = 0xFF00_0000_0000_0000;
    private const ulong SelectBit = 1UL << 55;

    /// <summary>PACIA and its kin.</summary>
    public static ulong Sign(Vcpu vcpu, ulong pointer, ulong modifier, PointerKey key)
    {
        bool isCode = key < PointerKey.DA;
        Stage1 stage1 = vcpu.Stage1;

        // Bit 63 says which half is meant unless the top byte of some half is ignored.
        ulong selector = stage1.IgnoresAnyTopByte(isCode) ? SelectBit : 1UL << 63;
        bool select = (pointer & selector) != 0;
        ulong field = Field(stage1.InputBits(select), stage1.IgnoresTopByte(pointer, isCode));
        ulong extended = select ? pointer | field | SelectBit : pointer & ~(field | SelectBit);
        ulong code = vcpu.PointerCode(extended, modifier, key);
        ulong mixed = pointer ^ (code & field);
        return select ? mixed | SelectBit : mixed & ~SelectBit;
    }

    /// <summary>AUTIA and its kin: false where the code is not that of the pointer.</summary>
    public static bool TryAuthenticate(Vcpu vcpu, ulong pointer, ulong modifier, PointerKey key, out ulong original)
    {
        ulong field = FieldOf(vcpu.Stage1, key < PointerKey.DA, (pointer & SelectBit) != 0);
        original = Canonical(pointer, field);
        return (((vcpu.PointerCode(original, modifier, key) ^ pointer) ^ original) & field) == 0;
    }

    /// <summary>XPACI, XPACD.</summary>
    public static ulong Strip(Vcpu vcpu, ulong pointer, bool isCode) =>
        Canonical(pointer, FieldOf(vcpu.Stage1, isCode, (pointer & SelectBit) != 0));

    /// <summary>PACGA.</summary>
    public static ulong SignGeneric(Vcpu vcpu, ulong value, ulong modifier) => vcpu.PointerCode(value, modifier, PointerKey.GA) & 0xFFFF_FFFF_0000_0000;

    /// <summary>The bits that hold the code of a pointer to one half.</summary>
    public static ulong FieldOf(Stage1 stage1, bool isCode, bool upper) => Field(stage1.InputBits(upper), stage1.IgnoresTopByte(upper ? SelectBit : 0, isCode));

    private static ulong Canonical(ulong pointer, ulong field) => (pointer & SelectBit) != 0 ? pointer | field : pointer & ~field;

    /// <summary>From the bottom bit to 54, and the top byte unless it is ignored.</summary>
    private static ulong Field(int bottom, bool ignoresTopByte) => ((SelectBit - 1) & ~((1UL << bottom) - 1)) | (ignoresTopByte ? 0 : TagByte);
}

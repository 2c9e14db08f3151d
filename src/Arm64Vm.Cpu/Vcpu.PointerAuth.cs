using Arm64Vm.Cpu.Authentication;
using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Pointer authentication instructions, as far as emitted code does not do them by itself.</summary>
internal sealed unsafe partial class Vcpu
{
    public bool TryPointerAuth(GuestContext* context, PointerAuthentication operation, ulong pointer, ulong modifier, int pageOffset, out ulong result)
    {
        result = pointer;

        // Without the feature the hint forms are NOPs; the others are not reached, since their encodings are undefined then.
        if (_model.PointerAlgorithm == PointerAlgorithm.None)
            return true;
        switch (operation)
        {
            case PointerAuthentication.SignGeneric:
                result = PointerAuthenticator.SignGeneric(this, pointer, modifier);
                return true;
            case PointerAuthentication.StripInstruction or PointerAuthentication.StripData:
                result = PointerAuthenticator.Strip(this, pointer, operation == PointerAuthentication.StripInstruction);
                return true;
        }

        var key = (PointerKey)((int)operation & 3);
        if ((EnabledKeys & (1u << (int)key)) == 0)
            return true;
        if (operation < PointerAuthentication.AuthIA)
        {
            result = PointerAuthenticator.Sign(this, pointer, modifier, key);
            return true;
        }

        if (PointerAuthenticator.TryAuthenticate(this, pointer, modifier, key, out result))
            return true;

        // FEAT_FPACCOMBINE: ISS bit 1 data key, bit 0 key B.
        return RaiseSynchronous(Syndrome.Make(ExceptionClass.PointerAuthentication, (uint)key), context->PcPage + (ulong)(long)pageOffset);
    }

    /// <summary>ComputePAC with one of the five keys.</summary>
    internal ulong PointerCode(ulong pointer, ulong modifier, PointerKey key)
    {
        ulong low = GetDirect(DirectRegister.KeyIALow + ((int)key * 2));
        ulong high = GetDirect(DirectRegister.KeyIAHigh + ((int)key * 2));
        return _model.PointerAlgorithm == PointerAlgorithm.Qarma5
            ? Qarma5.Compute(pointer, modifier, low, high)
            : FastCode.Compute(pointer, modifier, low, high);
    }

    /// <summary>SCTLR_EL1.EnIA, EnIB, EnDA, EnDB as bits 0 to 3.</summary>
    private uint EnabledKeys
    {
        get
        {
            ulong sctlr = Slot(SystemSlot.Sctlr);
            return ((sctlr & SctlrBits.EnableKeyIA) != 0 ? 1u : 0)
                | ((sctlr & SctlrBits.EnableKeyIB) != 0 ? 2u : 0)
                | ((sctlr & SctlrBits.EnableKeyDA) != 0 ? 4u : 0)
                | ((sctlr & SctlrBits.EnableKeyDB) != 0 ? 8u : 0);
        }
    }

    /// <summary>SCTLR_EL1 or TCR_EL1 was written.</summary>
    private void PointerCodesChanged()
    {
        if (_model.PointerAlgorithm == PointerAlgorithm.None)
            return;
        ref PointerCodes codes = ref _context->PointerCodes;
        codes.Enabled = PointerCodes.FieldsValid | (_model.PointerAlgorithm == PointerAlgorithm.Fast ? EnabledKeys : 0);
        for (int i = 0; i < 4; i++)
            codes.Fields[i] = PointerAuthenticator.FieldOf(_stage1, isCode: i < 2, upper: (i & 1) != 0);
    }
}

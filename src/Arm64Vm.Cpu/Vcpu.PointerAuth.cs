using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Pointer authentication instructions.</summary>
public sealed unsafe partial class Vcpu
{
    public bool TryPointerAuth(GuestContext* context, PointerAuthentication operation, ulong pointer, ulong modifier, int pageOffset, out ulong result)
    {
        if (!_model.HasPointerAuthentication)
        {
            // The hint forms are NOPs; the others are not reached, since their encodings are undefined then.
            result = pointer;
            return true;
        }

        result = operation switch
        {
            PointerAuthentication.SignIA => PointerAuthenticator.Sign(this, pointer, modifier, PointerKey.IA),
            PointerAuthentication.SignIB => PointerAuthenticator.Sign(this, pointer, modifier, PointerKey.IB),
            PointerAuthentication.SignDA => PointerAuthenticator.Sign(this, pointer, modifier, PointerKey.DA),
            PointerAuthentication.SignDB => PointerAuthenticator.Sign(this, pointer, modifier, PointerKey.DB),
            PointerAuthentication.AuthIA => PointerAuthenticator.Authenticate(this, pointer, modifier, PointerKey.IA),
            PointerAuthentication.AuthIB => PointerAuthenticator.Authenticate(this, pointer, modifier, PointerKey.IB),
            PointerAuthentication.AuthDA => PointerAuthenticator.Authenticate(this, pointer, modifier, PointerKey.DA),
            PointerAuthentication.AuthDB => PointerAuthenticator.Authenticate(this, pointer, modifier, PointerKey.DB),
            PointerAuthentication.SignGeneric => PointerAuthenticator.SignGeneric(this, pointer, modifier),
            PointerAuthentication.StripInstruction => PointerAuthenticator.Strip(this, pointer, isCode: true),
            _ => PointerAuthenticator.Strip(this, pointer, isCode: false),
        };
        return true;
    }
}

using System.Runtime.CompilerServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>How compiled code leaves: each returns what the compiled method returns.</summary>
// SAFETY for all members: called by compiled code with the context it was given.
internal static unsafe class Exits
{
    /// <summary>Leaves with a reason of the run loop's.</summary>
    public static IlUnit? Leave(GuestContext* context, uint reason, int pcDelta, ulong payload, ulong value)
    {
        context->Pc = context->PcPage + (ulong)(long)pcDelta;
        context->Exit.Reason = reason;
        context->Exit.PcDelta = pcDelta;
        context->Exit.Payload = payload;
        context->Exit.Address = value;
        return null;
    }

    /// <summary>A direct jump without a target yet.</summary>
    public static IlUnit? Link(GuestContext* context, int site, int target)
    {
        context->Pc = context->PcPage + (ulong)(long)target;
        context->Exit.Reason = IlExit.Link;
        context->Exit.Site = (ulong)site;
        return null;
    }

    /// <summary>FPSR is not what the code at the unit's entry counts on, or counting on it has not paid: the careful form, where there is one.</summary>
    public static IlUnit? Careful(IlUnit unit, GuestContext* context, int pcDelta)
    {
        if (unit.CarefulForm is { Code: not null } careful)
            return careful;
        return Rare(unit, context, pcDelta);
    }

    /// <summary>A result that compiled code does not judge, or operands that it does not take. The guest's state is that before the instruction.</summary>
    public static IlUnit? Rare(IlUnit unit, GuestContext* context, int pcDelta)
    {
        unit.RareExits++;
        context->Pc = context->PcPage + (ulong)(long)pcDelta;
        context->Exit.Reason = IlExit.Rare;
        return null;
    }

    /// <summary>A service has raised an exception.</summary>
    public static IlUnit? Raised(GuestContext* context)
    {
        context->Exit.Reason = IlExit.Raised;
        return null;
    }

    /// <summary>A jump to an address in a register, through the jump cache.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static IlUnit? Indirect(IlUnit unit, GuestContext* context, ulong address, uint type)
    {
        ulong tag = context->ContextTag;
        if (unit.Host.Jumps.Find(address, type, tag) is { } target && Volatile.Read(ref context->Poll) == 0)
        {
            context->PcPage = address & ~0xFFFUL;
            return target;
        }

        return IndirectMiss(context, address, type);
    }

    /// <summary>A jump to an address in a register, to be looked up by the executor.</summary>
    public static IlUnit? IndirectMiss(GuestContext* context, ulong address, uint type)
    {
        context->Pc = address;
        context->BranchType = type;
        context->Exit.Reason = IlExit.Indirect;
        return null;
    }
}

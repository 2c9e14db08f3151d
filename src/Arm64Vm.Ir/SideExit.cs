namespace Arm64Vm.Ir;

/// <summary>What the immediate of a side exit says: bits 31:0 the target's offset in the page, bits 62:32 guest instructions of the unit behind it, bit 63 flags are dead at the target.</summary>
internal readonly struct SideExit(ulong immediate)
{
    private const int RestShift = 32;
    private const ulong DeadBit = 1UL << 63;

    public int Target => (int)immediate;

    /// <summary>Guest instructions of the unit that are not executed where the exit is taken.</summary>
    public int Rest => (int)((immediate & ~DeadBit) >> RestShift);

    /// <summary>The code at the target overwrites NZCV before it reads it or can fault.</summary>
    public bool FlagsAreDead => (immediate & DeadBit) != 0;

    public static ulong Make(int target, int rest, bool flagsAreDead) => (uint)target | ((ulong)(uint)rest << RestShift) | (flagsAreDead ? DeadBit : 0);

    /// <summary>The side exit in the place of a conditional branch.</summary>
    public static IrOp Of(IrOp branch) => branch - IrOp.BranchCond + IrOp.LeaveCond;

    /// <summary>The conditional branch that decides as a side exit does.</summary>
    public static IrOp Branch(IrOp exit) => exit - IrOp.LeaveCond + IrOp.BranchCond;
}

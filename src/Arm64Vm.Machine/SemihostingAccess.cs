namespace Arm64Vm.Machine;

/// <summary>Who in a machine has semihosting (HLT #0xF000): it types on the console, and ends the machine with a status.</summary>
public enum SemihostingAccess
{
    /// <summary>Nobody: the instruction is undefined.</summary>
    Off,

    /// <summary>Privileged code. At EL0 the instruction is undefined, so that a process cannot end the machine.</summary>
    On,

    /// <summary>EL0 too.</summary>
    User,
}

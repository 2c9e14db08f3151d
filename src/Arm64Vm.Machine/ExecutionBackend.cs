namespace Arm64Vm.Machine;

/// <summary>What executes guest instructions.</summary>
public enum ExecutionBackend
{
    /// <summary>The fastest that this host has.</summary>
    Auto,

    /// <summary>Emitted x86-64 machine code; needs an x86-64-v3 host.</summary>
    X64,

    /// <summary>IL that the .NET runtime compiles; on every host, but not in native builds of this library.</summary>
    Il,

    /// <summary>The interpreter: slow, and the same everywhere.</summary>
    Interpreter,
}

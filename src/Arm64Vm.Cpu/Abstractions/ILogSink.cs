namespace Arm64Vm.Cpu;

/// <summary>What a log line is about; each category is switched on by itself.</summary>
[Flags]
public enum LogCategories
{
    None = 0,

    /// <summary>Executed translation units.</summary>
    Blocks = 1 << 0,

    /// <summary>Exceptions taken and returned from.</summary>
    Exceptions = 1 << 1,

    /// <summary>Accesses to unknown system registers.</summary>
    SystemRegisters = 1 << 2,

    /// <summary>Accesses to physical addresses where nothing answers, or that a device refused.</summary>
    Mmio = 1 << 3,

    /// <summary>Misuse of a device by the guest.</summary>
    Guest = 1 << 4,

    /// <summary>Interrupt controller and timer events.</summary>
    Interrupts = 1 << 5,

    /// <summary>What the host could not do for who uses the machine: no descriptor was left for a client.</summary>
    Host = 1 << 6,

    All = Blocks | Exceptions | SystemRegisters | Mmio | Guest | Interrupts | Host,
}

/// <summary>Where diagnostics go. Callers test <see cref="IsEnabled"/> before they format a line.</summary>
public interface ILogSink
{
    bool IsEnabled(LogCategories category);

    void Write(LogCategories category, string line);
}

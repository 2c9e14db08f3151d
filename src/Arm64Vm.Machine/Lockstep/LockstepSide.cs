using Arm64Vm.Cpu;
using Arm64Vm.Devices.Clock;
using Arm64Vm.Ir;
using Arm64Vm.Machine.Board;

namespace Arm64Vm.Machine.Lockstep;

/// <summary>One of the two machines, stepped on the caller's thread.</summary>
// SAFETY: the context belongs to the machine, which outlives this object; only the thread that runs it reads or writes it.
internal sealed class LockstepSide : IDisposable
{
    private readonly MachineParts _parts;
    private readonly BootPackage _boot;

    /// <param name="config">The machine; its clock is replaced.</param>
    /// <param name="model">Its processor.</param>
    /// <param name="execution">What executes.</param>
    public LockstepSide(MachineConfig config, CpuModel model, ExecutorChoice execution)
    {
        _parts = new MachineParts { Config = config, Model = model, Execution = execution, Clock = Clock, Console = new SerialConsole(config.SerialOutput) };
        try
        {
            _parts.OpenDisks();
            _parts.OpenVariables(keepsChanges: false);
            _boot = BootPackage.Prepare(_parts);
            SteppingExecutor? executor = null;
            Board = new VirtMachineBoard(_parts, _boot, () => true, wrap: inner => executor = new SteppingExecutor(inner));
            Executor = executor!;
            Executor.Vcpu = Board.Vcpu;
        }
        catch
        {
            _boot?.Dispose();
            _parts.Console.Close();
            _parts.Dispose();
            throw;
        }
    }

    public ManualClock Clock { get; } = new();

    public VirtMachineBoard Board { get; }

    public SteppingExecutor Executor { get; }

    public SerialConsole Console => _parts.Console;

    /// <summary>Runs one unit; returns why the processor came back, which is <see cref="VcpuReturn.Paused"/> while the guest runs on, and a wait where no unit could be run.</summary>
    public unsafe VcpuResult RunUnit()
    {
        var result = Board.Vcpu.Run();
        Executor.SynchronizeFloatStatus(Board.Vcpu.Context);
        return result;
    }

    public void Dispose()
    {
        Board.Dispose();
        _boot.Dispose();
        _parts.Console.Dispose();
        _parts.Dispose();
    }
}

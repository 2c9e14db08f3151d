using System.Buffers.Binary;
using System.Globalization;
using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Debugging;
using Arm64Vm.Machine.Board;
using Arm64Vm.Machine.Debugging.Monitor;

namespace Arm64Vm.Machine.Debugging;

/// <summary>A machine as debuggers see it.</summary>
internal sealed class MachineTarget : IDebugTarget, IDisposable
{
    private const ulong PageSize = 4096;
    private readonly VirtualMachine _machine;

    /// <summary>The stand that was told last (<see cref="VirtualMachine.Stands"/>).</summary>
    private int _told;

    public MachineTarget(VirtualMachine machine)
    {
        _machine = machine;
        RegisterLayout? layout = null;
        machine.Describe(board => layout = new RegisterLayout(board.Vcpu.Model.HasPointerAuthentication, board.Vcpu.SystemRegisterNames));
        Registers = layout ?? throw new ObjectDisposedException(nameof(VirtualMachine));
        _told = machine.Stands;
        machine.Hypervisor.Changed += OnChanged;
    }

    public event Action<bool>? Changed;

    public bool HasEnded => _machine.State == RunState.Ended;

    public int Processors => _machine.Config.Cpus;

    public RegisterLayout Registers { get; }

    public string Describe(int processor)
    {
        var text = "running";
        _machine.TryInspect(board =>
        {
            var vcpu = board.Vcpus[processor];
            text = vcpu.Power != ProcessorPower.On ? "off" : string.Create(CultureInfo.InvariantCulture, $"EL{vcpu.ExceptionLevel}{(vcpu.IsWaiting ? ", waits" : "")}");
        });
        return string.Create(CultureInfo.InvariantCulture, $"CPU#{processor} [{text}]");
    }

    public bool TryReadRegister(int processor, int number, Span<byte> value)
    {
        UInt128 read = 0;
        var isThere = number >= 0 && number < Registers.Count && _machine.TryInspect(board => read = Read(board.Vcpus[processor], number));
        if (!isThere || value.Length != Registers.SizeOf(number))
            return false;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, read);
        bytes[..value.Length].CopyTo(value);
        return true;
    }

    public bool TryWriteRegister(int processor, int number, ReadOnlySpan<byte> value)
    {
        if (number < 0 || number >= Registers.Count || value.Length != Registers.SizeOf(number))
            return false;
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        value.CopyTo(bytes);
        var wanted = BinaryPrimitives.ReadUInt128LittleEndian(bytes);
        var isWritten = false;
        return _machine.TryInspect(board => isWritten = Write(board.Vcpus[processor], number, wanted)) && isWritten;
    }

    public int ReadMemory(int processor, ulong address, bool isPhysical, Span<byte> destination)
    {
        var bytes = new byte[destination.Length];
        var count = 0;
        _machine.TryInspect(board => count = Read(board, processor, address, isPhysical, bytes));
        bytes.AsSpan(0, count).CopyTo(destination);
        return count;
    }

    public bool TryWriteMemory(int processor, ulong address, bool isPhysical, ReadOnlySpan<byte> source)
    {
        var bytes = source.ToArray();
        var isWritten = false;
        return _machine.TryInspect(board => isWritten = Write(board, processor, address, isPhysical, bytes)) && isWritten;
    }

    public bool TryAddBreakpoint(ulong address)
    {
        var isAdded = false;
        return _machine.TryChangePoints(points => isAdded = points.AddBreakpoint(address)) && isAdded;
    }

    public bool TryRemoveBreakpoint(ulong address) => _machine.TryChangePoints(points => points.RemoveBreakpoint(address));

    public bool TryAddWatchpoint(DebugWatch watch)
    {
        var isAdded = false;
        return _machine.TryChangePoints(points => isAdded = points.AddWatchpoint(watch)) && isAdded;
    }

    public bool TryRemoveWatchpoint(DebugWatch watch) => _machine.TryChangePoints(points => points.RemoveWatchpoint(watch));

    public bool TryResume(Func<int, ResumeAction> action)
    {
        // Stands before this one, such as that of a machine that was reset meanwhile, are no news.
        _told = _machine.Stands;
        return _machine.TryResumeForDebugger(cpu => action(cpu) switch
        {
            ResumeAction.Step => (true, false),
            ResumeAction.Hold => (false, true),
            _ => (false, false),
        });
    }

    public Task InterruptAsync() => _machine.PauseAsync();

    public TargetStop? TakeStop(int preferred, bool isAsked)
    {
        TargetStop? stop = null;
        _machine.TryInspect(board =>
        {
            if (_machine.State != RunState.Paused || (!isAsked && _machine.Stands == _told))
                return;
            _told = _machine.Stands;
            stop = new TargetStop(preferred, board.Vcpus[preferred].DebugStop);
            for (var cpu = 0; cpu < board.Vcpus.Count; cpu++)
            {
                if (stop.Stop is null && board.Vcpus[cpu].DebugStop is { } other)
                    stop = new TargetStop(cpu, other);
            }

            // What is not told shows again: who stopped at a breakpoint still stands before it.
            foreach (var vcpu in board.Vcpus)
                vcpu.PrepareForDebugger(steps: false, holds: false);
        });
        return stop;
    }

    public async Task DetachAsync()
    {
        await _machine.ForgetDebuggerAsync().ConfigureAwait(false);
        _machine.Resume();
    }

    public void Kill() => _ = _machine.StopAsync();

    public Task<string> ExecuteAsync(int processor, string command) => new MachineMonitor(_machine).ExecuteAsync(processor, command);

    public void Dispose() => _machine.Hypervisor.Changed -= OnChanged;

    /// <summary>Reads by virtual or physical address, from RAM, flash and devices; the bytes read before the first that cannot be.</summary>
    public static int Read(VirtMachineBoard board, int processor, ulong address, bool isPhysical, Span<byte> destination)
    {
        var done = 0;
        while (done < destination.Length)
        {
            var at = address + (ulong)done;
            var piece = destination.Slice(done, (int)Math.Min((ulong)(destination.Length - done), PageSize - (at & (PageSize - 1))));
            var physical = at;
            if (!isPhysical && !board.Vcpus[processor].TryTranslateForDebugger(at, out physical))
                break;
            if (!board.Memory.TryRead(physical, piece) && !DeviceAccess.TryRead(board.Bus, physical, piece))
                break;
            done += piece.Length;
        }

        return done;
    }

    private static bool Write(VirtMachineBoard board, int processor, ulong address, bool isPhysical, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            var piece = source[..(int)Math.Min((ulong)source.Length, PageSize - (address & (PageSize - 1)))];
            var physical = address;
            if (!isPhysical && !board.Vcpus[processor].TryTranslateForDebugger(address, out physical))
                return false;
            if (!board.Memory.TryWrite(physical, piece) && !DeviceAccess.TryWrite(board.Bus, physical, piece))
                return false;
            address += (ulong)piece.Length;
            source = source[piece.Length..];
        }

        return true;
    }

    private UInt128 Read(Vcpu vcpu, int number)
    {
        if (number >= Registers.FirstSystem)
            return vcpu.ReadSystemRegister(Registers.SystemIndexes[number - Registers.FirstSystem]);
        return number switch
        {
            < RegisterLayout.StackPointer => vcpu.GetX(number),
            RegisterLayout.StackPointer => vcpu.StackPointer,
            RegisterLayout.Pc => vcpu.Pc,
            RegisterLayout.ProcessorState => vcpu.ProcessorState,
            < RegisterLayout.Fpsr => vcpu.GetV(number - RegisterLayout.FirstVector),
            RegisterLayout.Fpsr => vcpu.DebugFloatStatus,
            RegisterLayout.Fpcr => vcpu.DebugFloatControl,
            _ => vcpu.PointerAuthenticationMask(upper: number - Registers.FirstMask >= 2, isCode: (number - Registers.FirstMask & 1) != 0),
        };
    }

    private bool Write(Vcpu vcpu, int number, UInt128 value)
    {
        if (number >= Registers.FirstSystem)
            return vcpu.WriteSystemRegister(Registers.SystemIndexes[number - Registers.FirstSystem], (ulong)value);
        switch (number)
        {
            case < RegisterLayout.StackPointer:
                vcpu.SetX(number, (ulong)value);
                return true;
            case RegisterLayout.StackPointer:
                vcpu.StackPointer = (ulong)value;
                return true;
            case RegisterLayout.Pc:
                vcpu.Pc = (ulong)value;
                return true;
            case RegisterLayout.ProcessorState:
                vcpu.WriteProcessorState((uint)value);
                return true;
            case < RegisterLayout.Fpsr:
                vcpu.SetV(number - RegisterLayout.FirstVector, value);
                return true;
            case RegisterLayout.Fpsr:
                vcpu.DebugFloatStatus = (uint)value;
                return true;
            case RegisterLayout.Fpcr:
                vcpu.DebugFloatControl = (uint)value;
                return true;
            default:
                return false;
        }
    }

    private void OnChanged(MachineEvent change)
    {
        if (change.Machine != _machine)
            return;
        if (change.Kind == MachineEventKind.Paused)
            Changed?.Invoke(true);
        else if (change.Kind is MachineEventKind.Ended or MachineEventKind.Disposed)
            Changed?.Invoke(false);
    }
}

using Arm64Vm.Cpu.Debugging;
using Arm64Vm.Machine.Debugging;

namespace Arm64Vm.Machine.Tests.Debugging;

/// <summary>A target of two processors that does nothing but remember what it was told.</summary>
internal sealed class FakeTarget : IDebugTarget
{
    private readonly Dictionary<(int Processor, int Number), byte[]> _registers = [];
    private TargetStop? _stop;

    public event Action<bool>? Changed;

    public List<string> Calls { get; } = [];

    public byte[] Memory { get; } = new byte[0x20000];

    public int Processors => 2;

    public RegisterLayout Registers { get; } = new(hasPointerAuthentication: true, ["VBAR_EL1", "", "ESR_EL1"]);

    /// <summary>It stops by itself.</summary>
    public void Stop(TargetStop stop)
    {
        _stop = stop;
        Changed?.Invoke(true);
    }

    public void End() => Changed?.Invoke(false);

    public string Describe(int processor) => $"CPU#{processor}";

    public bool TryReadRegister(int processor, int number, Span<byte> value)
    {
        value.Clear();
        if (_registers.TryGetValue((processor, number), out var known))
            known.CopyTo(value);
        return true;
    }

    public bool TryWriteRegister(int processor, int number, ReadOnlySpan<byte> value)
    {
        if (value.Length != Registers.SizeOf(number))
            return false;
        _registers[(processor, number)] = value.ToArray();
        return true;
    }

    public int ReadMemory(int processor, ulong address, bool isPhysical, Span<byte> destination)
    {
        Calls.Add($"read {(isPhysical ? "physical" : "virtual")} {address:x}");
        if (address >= (ulong)Memory.Length)
            return 0;
        var count = Math.Min(destination.Length, Memory.Length - (int)address);
        Memory.AsSpan((int)address, count).CopyTo(destination);
        return count;
    }

    public bool TryWriteMemory(int processor, ulong address, bool isPhysical, ReadOnlySpan<byte> source)
    {
        if (address > (ulong)Memory.Length || (ulong)source.Length > (ulong)Memory.Length - address)
            return false;
        source.CopyTo(Memory.AsSpan((int)address));
        return true;
    }

    public bool TryAddBreakpoint(ulong address) => Note($"add {address:x}");

    public bool TryRemoveBreakpoint(ulong address) => Note($"remove {address:x}");

    public bool TryAddWatchpoint(DebugWatch watch) => Note($"watch {watch.Address:x},{watch.Length} {watch.Access}");

    public bool TryRemoveWatchpoint(DebugWatch watch) => Note($"unwatch {watch.Address:x},{watch.Length} {watch.Access}");

    public bool TryResume(Func<int, ResumeAction> action) => Note($"resume {action(0)} {action(1)}");

    public Task InterruptAsync()
    {
        _stop ??= new TargetStop(0, null);
        return Task.CompletedTask;
    }

    public TargetStop? TakeStop(int preferred, bool isAsked)
    {
        var stop = _stop;
        _stop = null;
        return stop;
    }

    public Task DetachAsync()
    {
        Note("detach");
        return Task.CompletedTask;
    }

    public void Kill() => Note("kill");

    public Task<string> ExecuteAsync(int processor, string command) => Task.FromResult(command.StartsWith("long", StringComparison.Ordinal) ? new string('x', 40_000) : $"{processor}:{command}\n");

    private bool Note(string call)
    {
        Calls.Add(call);
        return true;
    }
}

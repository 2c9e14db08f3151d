using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Pci;

/// <summary>The ECAM window of a PCIe host (PCI Express base specification, 7.2.2): bus, device, function and register in the address.</summary>
internal sealed class PcieHost : IMmioDevice, IPciHost
{
    /// <summary>Wires for interrupt pins.</summary>
    public const int PinCount = 4;

    private const int FunctionShift = 12;
    private const uint RegisterMask = (1u << FunctionShift) - 1;

    private readonly Lock _gate = new();
    private readonly Lock _lineGate = new();
    private readonly Dictionary<uint, IPciFunction> _functions = [];
    private readonly List<PcieRootPort> _ports = [];
    private readonly HashSet<PciFunction>[] _asserting;
    private readonly IReadOnlyList<IInterruptLine> _lines;
    private readonly IMsiTarget? _messages;
    private readonly ulong _length;

    /// <param name="busCount">Buses in the window, 1 MiB each; 256 in the board's high window, 16 in the low one.</param>
    /// <param name="lines">Four wires, to which interrupt pins lead: pin A of device n to wire n modulo 4. Empty: there are none.</param>
    /// <param name="messages">Gets message-signalled interrupts.</param>
    public PcieHost(int busCount = 256, IReadOnlyList<IInterruptLine>? lines = null, IMsiTarget? messages = null)
    {
        _lines = lines ?? [];
        _messages = messages;
        _asserting = [.. _lines.Select(_ => new HashSet<PciFunction>())];
        ArgumentOutOfRangeException.ThrowIfLessThan(busCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(busCount, 256);
        _length = (ulong)busCount << 20;
        _functions[0] = Bridge;
    }

    /// <summary>Function 00:00.0.</summary>
    public HostBridge Bridge { get; } = new();

    /// <summary>Memory addresses of the bus.</summary>
    public PciAddressSpace Space { get; } = new();

    /// <summary>Plugs a function into bus 0..255, device 0..31, function 0..7.</summary>
    /// <exception cref="ArgumentException">The place is taken or does not exist.</exception>
    public void Add(int bus, int device, int function, IPciFunction implementation)
    {
        if (bus is < 0 or > 255 || device is < 0 or > 31 || function is < 0 or > 7)
            throw new ArgumentException($"There is no PCI function {bus:x2}:{device:x2}.{function}.");
        lock (_gate)
        {
            if (!_functions.TryAdd((uint)((bus << 8) | (device << 3) | function), implementation))
                throw new ArgumentException($"PCI function {bus:x2}:{device:x2}.{function} is taken.");
            if (implementation is PciFunction endpoint)
            {
                endpoint.Address = (ushort)((bus << 8) | (device << 3) | function);
                endpoint.Wire = device;
                endpoint.Host = this;
            }

            if (implementation is PcieRootPort port)
                _ports.Add(port);
        }
    }

    /// <summary>Plugs an endpoint into the slot of a port, which tells its guest.</summary>
    /// <exception cref="InvalidOperationException">The slot is taken.</exception>
    public void Plug(PcieRootPort port, PciFunction endpoint)
    {
        lock (_gate)
        {
            endpoint.Host = this;
            port.Plug(endpoint);
        }
    }

    /// <inheritdoc/>
    void IPciHost.Unplugged(PciFunction function)
    {
        lock (_gate)
        {
            function.Host = null;
            Space.Map(MappedBars());
        }

        SetInterrupt(function, asserted: false);
    }

    /// <inheritdoc/>
    void IPciHost.BarsChanged()
    {
        lock (_gate)
            Space.Map(MappedBars());
    }

    /// <inheritdoc/>
    void IPciHost.SetInterrupt(PciFunction function, bool asserted) => SetInterrupt(function, asserted);

    private void SetInterrupt(PciFunction function, bool asserted)
    {
        if (_lines.Count == 0)
            return;
        var wire = function.Wire % _lines.Count;
        lock (_lineGate)
        {
            if (asserted)
                _asserting[wire].Add(function);
            else
                _asserting[wire].Remove(function);
            _lines[wire].Set(_asserting[wire].Count > 0);
        }
    }

    /// <inheritdoc/>
    void IPciHost.SendMessage(PciFunction function, ulong address, uint data) => _messages?.TrySend(address, data, function.Address);

    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        value = 0;
        if (!IsAccepted(offset, size))
            return false;
        var register = (uint)offset & RegisterMask;
        lock (_gate)
        {
            if (Find((uint)(offset >> FunctionShift)) is not { } function)
                value = size == 8 ? ulong.MaxValue : (1ul << (8 * size)) - 1;
            else if (size == 8)
                value = function.ReadConfiguration(register, 4) | ((ulong)function.ReadConfiguration(register + 4, 4) << 32);
            else
                value = function.ReadConfiguration(register, size);
            return true;
        }
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, int size, ulong value)
    {
        if (!IsAccepted(offset, size))
            return false;
        var register = (uint)offset & RegisterMask;
        lock (_gate)
        {
            if (Find((uint)(offset >> FunctionShift)) is not { } function)
                return true;
            if (size == 8)
            {
                function.WriteConfiguration(register, 4, (uint)value);
                function.WriteConfiguration(register + 4, 4, (uint)(value >> 32));
            }
            else
            {
                function.WriteConfiguration(register, size, (uint)value);
            }

            return true;
        }
    }

    private IEnumerable<MappedBar> MappedBars() =>
        _functions.Values.OfType<PciFunction>().Concat(_ports.Select(port => port.Endpoint).OfType<PciFunction>()).SelectMany(function => function.MappedBars());

    /// <summary>What answers at bus, device and function: on bus 0, or behind the port that has been given the bus.</summary>
    private IPciFunction? Find(uint address)
    {
        if (_functions.TryGetValue(address, out var function))
            return function;
        foreach (var port in _ports)
        {
            if (port.Answers(address) is { } endpoint)
                return endpoint;
        }

        return null;
    }

    private bool IsAccepted(ulong offset, int size) =>
        size is 1 or 2 or 4 or 8 && offset < _length && (ulong)size <= _length - offset && (offset & (ulong)(size - 1)) == 0;
}

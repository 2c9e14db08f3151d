using Arm64Vm.Cpu;
using Arm64Vm.Devices.Uart;
using Arm64Vm.Machine.Running;

namespace Arm64Vm.Machine.Board;

/// <summary>Semihosting on the machine's console.</summary>
/// <param name="console">Where it prints and what it reads.</param>
/// <param name="commandLine">What the guest program is told.</param>
/// <param name="isStopping">Ends a wait for input.</param>
/// <param name="runner">Whose worker waits then, and gets another in its place; null: the caller's thread waits.</param>
internal sealed class ConsoleSemihosting(SerialConsole console, string commandLine, Func<bool> isStopping, MachineRunner? runner = null) : ISemihosting
{
    public string CommandLine => commandLine;

    public void Write(ReadOnlySpan<byte> bytes) => console.Print(bytes);

    public int Read()
    {
        if (runner is null)
            return console.WaitForInput(isStopping);
        return ((ICharacterBackend)console).TryRead(out var value) ? value : runner.Block(() => console.WaitForInput(isStopping));
    }
}

using Arm64Vm.Cpu;

namespace Arm64Vm.Machine.Board;

/// <summary>Semihosting on the machine's console.</summary>
/// <param name="console">Where it prints and what it reads.</param>
/// <param name="commandLine">What the guest program is told.</param>
/// <param name="isStopping">Ends a wait for input.</param>
internal sealed class ConsoleSemihosting(SerialConsole console, string commandLine, Func<bool> isStopping) : ISemihosting
{
    public string CommandLine => commandLine;

    public void Write(ReadOnlySpan<byte> bytes) => console.Print(bytes);

    public int Read() => console.WaitForInput(isStopping);
}

using Arm64Vm.Cli.Terminal;

namespace Arm64Vm.Cli.Serial;

/// <summary>A console on a pseudo-terminal, for screen, minicom and their like.</summary>
/// <param name="label">What QEMU's users call the console.</param>
internal sealed class PseudoTerminalLine(string label) : ConsoleLine
{
    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromMilliseconds(100);
    private PseudoTerminal? _terminal;

    /// <summary>As QEMU prints it, for scripts that look for it.</summary>
    public override string? Announcement => $"char device redirected to {_terminal!.Name} (label {label})";

    public override string Place => "pty:" + _terminal!.Name;

    protected override bool WaitsForPeer => false;

    public override void Open() => _terminal = PseudoTerminal.Open();

    protected override Stream? WaitForPeer()
    {
        if (_terminal!.IsInUse)
            return new PseudoTerminalStream(_terminal);
        Stopping.WaitHandle.WaitOne(s_betweenLooks);
        return null;
    }

    protected override void CloseLine() => _terminal?.Dispose();
}

using System.Runtime.InteropServices;

namespace Arm64Vm.Cli.Boot;

/// <summary>Signals that end the run instead of the process (SIGINT, SIGTERM, SIGHUP, SIGQUIT), and SIGTSTP, which stops both.</summary>
internal sealed class Signals : IDisposable
{
    /// <summary>SIGTSTP; by number, because the analyzers take its name for a mistake on other systems.</summary>
    private const int TerminalStop = 20;

    private readonly PosixSignalRegistration[] _registrations;

    /// <param name="end">Gets the number of a signal that asks for the end.</param>
    /// <param name="suspend">Stops the process; returns when it is continued.</param>
    public Signals(Action<int> end, Action suspend) => _registrations =
    [
        Register(PosixSignal.SIGINT, () => end(2)),
        Register(PosixSignal.SIGTERM, () => end(15)),
        Register(PosixSignal.SIGHUP, () => end(1)),
        Register(PosixSignal.SIGQUIT, () => end(3)),
        Register((PosixSignal)TerminalStop, suspend),
    ];

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }

    private static PosixSignalRegistration Register(PosixSignal signal, Action handler) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            handler();
        });
}

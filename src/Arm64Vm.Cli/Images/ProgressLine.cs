using Arm64Vm.Cli.Terminal;

namespace Arm64Vm.Cli.Images;

/// <summary>How far a command is, on one line of a terminal; elsewhere nothing.</summary>
/// <param name="streams">Standard error gets it.</param>
/// <param name="what">What is done.</param>
internal sealed class ProgressLine(CliStreams streams, string what) : IDisposable
{
    private const int Width = 40;

    private readonly bool _isShown = streams.IsProcess && RawTerminal.IsErrorTerminal;
    private int _shown = -1;

    public void Report(double done)
    {
        var percent = (int)(Math.Clamp(done, 0, 1) * 100);
        if (!_isShown || percent == _shown)
            return;
        _shown = percent;
        var bar = new string('#', percent * Width / 100).PadRight(Width, '.');
        streams.Error.Write($"\r{what} [{bar}] {percent,3}%");
        streams.Error.Flush();
    }

    /// <summary>Removes the line.</summary>
    public void Dispose()
    {
        if (_shown < 0)
            return;
        streams.Error.Write("\r" + new string(' ', what.Length + Width + 10) + "\r");
        streams.Error.Flush();
    }
}

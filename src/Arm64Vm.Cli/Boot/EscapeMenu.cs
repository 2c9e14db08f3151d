using System.Globalization;
using Arm64Vm.Cli.Terminal;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary>Does what the keys after the escape key ask for.</summary>
/// <param name="machine">What runs.</param>
/// <param name="console">The console on the terminal.</param>
/// <param name="escape">The escape key, for the help.</param>
/// <param name="messages">Gets answers.</param>
/// <param name="quit">Ends the run.</param>
/// <param name="suspend">Stops the process until it is continued.</param>
internal sealed class EscapeMenu(VirtualMachine machine, SerialConsole console, byte escape, TextWriter messages, Action quit, Action suspend)
{
    private static readonly TimeSpan s_quickPause = TimeSpan.FromMilliseconds(200);

    /// <summary>The pause that the user asked for last; null: the guest may run.</summary>
    private volatile Task? _pause;

    /// <param name="command">What to do.</param>
    /// <param name="key">The key that asked for it.</param>
    public void Execute(EscapeCommand command, byte key)
    {
        switch (command)
        {
            case EscapeCommand.Quit:
                quit();
                break;
            case EscapeCommand.PauseOrContinue:
                PauseOrContinue();
                break;
            case EscapeCommand.Statistics:
                messages.WriteLine();
                StatisticsReport.Write(machine.GetStatistics(), [], StatisticsFormat.Text, messages);
                break;
            case EscapeCommand.SaveLog:
                SaveLog();
                break;
            case EscapeCommand.PowerButton:
                Say("power button pressed");
                machine.PressPowerKey();
                break;
            case EscapeCommand.Reset:
                Say("reset");
                machine.Reset();
                break;
            case EscapeCommand.Suspend:
                suspend();
                break;
            case EscapeCommand.Unknown:
                Say($"{EscapeKey.NameOf(escape)} {NameOf(key)} is no command; {EscapeKey.NameOf(escape)} h lists them");
                break;
            case EscapeCommand.Help:
                messages.WriteLine("\n" + EscapeKeys.Help(escape));
                break;
        }
    }

    /// <summary>Never waits for the guest: while that waits in a host call, for input or for an output that is stuck, the keys must still be read.</summary>
    private void PauseOrContinue()
    {
        if (_pause is not null)
        {
            _pause = null;
            Say("continued");
            machine.Resume();
            return;
        }

        var pause = machine.PauseAsync();
        _pause = pause;
        if (pause.Wait(s_quickPause))
        {
            Say("paused");
            return;
        }

        Say("the guest waits for the host, for input or for its output to be taken; it pauses when that is over");
        _ = pause.ContinueWith(
            done =>
            {
                if (_pause == done && machine.State != RunState.Ended)
                    Say("paused");
            },
            TaskScheduler.Default);
    }

    /// <summary>Into the working directory, under a name that is not taken.</summary>
    private void SaveLog()
    {
        var log = console.CopyHistory();
        var stem = string.Create(CultureInfo.InvariantCulture, $"{Application.Name}-{DateTime.Now:yyyyMMdd-HHmmss}");
        try
        {
            string name;
            for (var number = 0; File.Exists(name = number == 0 ? $"{stem}.log" : $"{stem}-{number}.log"); number++)
            {
            }

            using (var file = new FileStream(name, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0))
                file.Write(log);
            Say($"{log.Length} bytes of the console are in {Path.GetFullPath(name)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            Say(e.Message);
        }
    }

    private void Say(string text) => messages.WriteLine($"\n{Application.Name}: {text}");

    private static string NameOf(byte key) => key switch
    {
        < 0x20 => EscapeKey.NameOf(key),
        < 0x7F => ((char)key).ToString(),
        _ => $"0x{key:x2}",
    };
}

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
    public void Execute(EscapeCommand command)
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
                StatisticsReport.Write(machine.GetStatistics(), StatisticsFormat.Text, messages);
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
            case EscapeCommand.Help:
                messages.WriteLine("\n" + EscapeKeys.Help(escape));
                break;
        }
    }

    private void PauseOrContinue()
    {
        if (machine.State == MachineState.Paused)
        {
            Say("continued");
            machine.Resume();
        }
        else
        {
            machine.PauseAsync().GetAwaiter().GetResult();
            Say("paused");
        }
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

            File.WriteAllBytes(name, log);
            Say($"{log.Length} bytes of the console are in {Path.GetFullPath(name)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Say(e.Message);
        }
    }

    private void Say(string text) => messages.WriteLine($"\n{Application.Name}: {text}");
}

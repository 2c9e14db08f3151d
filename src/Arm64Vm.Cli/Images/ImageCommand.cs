using System.CommandLine;

namespace Arm64Vm.Cli.Images;

/// <summary><c>arm64vm image</c>: makes, describes, copies, checks and resizes disk images.</summary>
internal static class ImageCommand
{
    public static Command Make(CliStreams streams) => new("image", "Makes, describes, copies, checks and resizes disk images (raw, qcow2; VMDK and VHDX are described and copied).")
    {
        CreateCommand.Make(),
        InfoCommand.Make(streams),
        ConvertCommand.Make(streams),
        CheckCommand.Make(streams),
        ResizeCommand.Make(),
    };

    /// <summary>Runs what a command does; what cannot be is wrong usage.</summary>
    public static int Run(Action action)
    {
        try
        {
            action();
            return ExitStatus.Success;
        }
        catch (ArgumentException e)
        {
            throw CliException.Usage(e.Message);
        }
    }
}

using System.CommandLine;
using System.Runtime.InteropServices;
using Arm64Vm.Devices.Images;

namespace Arm64Vm.Cli.Images;

/// <summary><c>arm64vm image convert</c>.</summary>
internal static class ConvertCommand
{
    public static Command Make(CliStreams streams)
    {
        var source = ImageOptions.File("source", "The image to read, with its backing files: raw, qcow2, VMDK or VHDX");
        var target = ImageOptions.File("target", "The image to make");
        var from = ImageOptions.Format("--from", "Format of the source; recognized if not given, as VMDK and VHDX always are");
        var to = ImageOptions.Format("--to", "Format of the target; qcow2 unless the file's name ends with .img or .raw");
        Option<bool> compress = new("--compress") { Description = "Compress the clusters of a qcow2 target (zstd)" };
        var clusterSize = ImageOptions.ClusterSize();
        var refcountBits = ImageOptions.RefcountBits();
        var force = ImageOptions.Force();
        var command = new Command("convert", "Copies a disk into a new image, without what is zero and without backing file.") { source, target, from, to, compress, clusterSize, refcountBits, force };
        command.SetAction(parsed => ImageCommand.Run(() =>
        {
            using var progress = new ProgressLine(streams, "convert");
            using var end = new CancellationTokenSource();
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
            var path = parsed.GetValue(target)!;
            try
            {
                ImageConversion.Convert(
                    parsed.GetValue(source)!,
                    ImageOptions.Get(parsed, from),
                    path,
                    ImageOptions.Get(parsed, to) ?? CreateCommand.FormatOf(path),
                    ImageOptions.Qcow2(parsed, clusterSize, refcountBits),
                    parsed.GetValue(compress),
                    parsed.GetValue(force),
                    progress.Report,
                    end.Token);
            }
            catch (OperationCanceledException)
            {
                throw new CliException("interrupted; the target was not made", ExitStatus.SignalBase + 2);
            }

            // The half of a target that is left is removed, and not by the signal.
            void Cancel(PosixSignalContext context)
            {
                context.Cancel = true;
                end.Cancel();
            }
        }));
        return command;
    }
}

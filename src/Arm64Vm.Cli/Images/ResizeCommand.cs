using System.CommandLine;
using Arm64Vm.Devices.Images;

namespace Arm64Vm.Cli.Images;

/// <summary><c>arm64vm image resize</c>.</summary>
internal static class ResizeCommand
{
    public static Command Make()
    {
        var file = ImageOptions.File();
        Argument<string> size = new("size") { Description = "The new size, or +SIZE to add as much", HelpName = "SIZE" };
        var format = ImageOptions.Format("--format", "Format of the image; recognized if not given");
        Option<bool> shrink = new("--shrink") { Description = "The end of the disk may be cut off" };
        var command = new Command("resize", "Changes the size of an image's disk; what is added reads as zeros.") { file, size, format, shrink };
        command.SetAction(parsed => ImageCommand.Run(() =>
        {
            var text = parsed.GetValue(size)!;
            var isMore = text.StartsWith('+');
            var bytes = ByteCount.Parse("size", isMore ? text[1..] : text);
            ImageResizing.Resize(parsed.GetValue(file)!, old => isMore && old <= ulong.MaxValue - bytes ? old + bytes : isMore ? ulong.MaxValue : bytes, parsed.GetValue(shrink), ImageOptions.Get(parsed, format));
        }));
        return command;
    }
}

using System.CommandLine;
using System.Text;
using System.Text.Json;
using Arm64Vm.Devices.Images;

namespace Arm64Vm.Cli.Images;

/// <summary><c>arm64vm image check</c>.</summary>
internal static class CheckCommand
{
    /// <summary>Nothing but room that is lost.</summary>
    private const int Leaks = 3;

    /// <summary>Damage.</summary>
    private const int Damage = 4;

    public static Command Make(CliStreams streams)
    {
        var file = ImageOptions.File();
        Option<bool> repair = new("--repair") { Description = "Make reference counts right and give lost room back; what the disk contains stays as it is" };
        var json = ImageOptions.Json();
        var command = new Command("check", "Checks a qcow2 image. Status: 0 nothing found, or all of it repaired; 3 only lost room; 4 damage.") { file, repair, json };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            if (DiskImage.Recognize(path) == DiskFormat.Raw)
                throw CliException.Failure($"'{path}' is no qcow2 image, and there is nothing to check in others");
            ImageCheck before;
            ImageCheck after;
            using (var progress = new ProgressLine(streams, "check"))
                (before, after) = parsed.GetValue(repair) ? ImageChecking.Repair(path, progress.Report) : Once(ImageChecking.Check(path, progress.Report));
            if (parsed.GetValue(json))
                streams.Text.WriteLine(ToJson(before, after, parsed.GetValue(repair)));
            else
                WriteText(before, after, parsed.GetValue(repair), streams.Text);
            return after.Errors > 0 || after.IsDirty || after.IsMarkedCorrupt ? Damage : after.Leaks > 0 ? Leaks : ExitStatus.Success;
        });
        return command;

        static (ImageCheck, ImageCheck) Once(ImageCheck check) => (check, check);
    }

    private static void WriteText(ImageCheck before, ImageCheck after, bool isRepair, TextWriter output)
    {
        foreach (var message in before.Messages)
            output.WriteLine(message);
        if (before.Errors > before.Messages.Count)
            output.WriteLine($"… and {before.Errors - before.Messages.Count} errors more");
        if (before.IsDirty)
            output.WriteLine("the image was not closed");
        if (before.IsMarkedCorrupt)
            output.WriteLine("the image is marked as damaged");
        output.WriteLine($"{before.Errors} errors, {before.Leaks} clusters lost; {before.AllocatedClusters} of {before.Clusters} clusters allocated, {before.CompressedClusters} compressed");
        if (isRepair && !before.IsClean)
            output.WriteLine(after.IsClean ? "repaired" : $"left: {after.Errors} errors, {after.Leaks} clusters lost");
    }

    private static string ToJson(ImageCheck before, ImageCheck after, bool isRepair)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            Write(json, before);
            if (isRepair)
            {
                json.WriteStartObject("afterRepair");
                Write(json, after);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, ImageCheck check)
    {
        json.WriteNumber("errors", check.Errors);
        json.WriteNumber("leaks", check.Leaks);
        json.WriteBoolean("dirty", check.IsDirty);
        json.WriteBoolean("corrupt", check.IsMarkedCorrupt);
        json.WriteNumber("clusters", check.Clusters);
        json.WriteNumber("allocatedClusters", check.AllocatedClusters);
        json.WriteNumber("compressedClusters", check.CompressedClusters);
        json.WriteStartArray("messages");
        foreach (var message in check.Messages)
            json.WriteStringValue(message);
        json.WriteEndArray();
    }
}

using System.CommandLine;
using System.Text;
using System.Text.Json;
using Arm64Vm.Devices.Images;

namespace Arm64Vm.Cli.Images;

/// <summary><c>arm64vm image info</c>.</summary>
internal static class InfoCommand
{
    public static Command Make(CliStreams streams)
    {
        var file = ImageOptions.File();
        var format = ImageOptions.Format("--format", "Format of the image; recognized if not given");
        var json = ImageOptions.Json();
        var command = new Command("info", "Describes a disk image, also one that a machine is using.") { file, format, json };
        command.SetAction(parsed =>
        {
            var info = ImageInfo.Read(parsed.GetValue(file)!, ImageOptions.Get(parsed, format));
            if (parsed.GetValue(json))
                streams.Text.WriteLine(ToJson(info));
            else
                WriteText(info, streams.Text);
            return ExitStatus.Success;
        });
        return command;
    }

    private static void WriteText(ImageInfo info, TextWriter output)
    {
        Line("image", Application.Printable(info.Path));
        Line("format", info.Qcow2 is { } found ? $"qcow2, version {found.Version}" : info.Foreign is { } other ? $"{other.Format}, {Application.Printable(other.Layout)}" : "raw");
        Line("disk", ByteCount.Format(info.Size));
        Line("file", ByteCount.Format(info.FileSize));
        Line("on the host", ByteCount.Format(info.Room));
        if (info.Foreign is { } foreign)
        {
            if (foreign.BlockSize > 0)
                Line(foreign.Format == "vmdk" ? "grains" : "blocks", ByteCount.Format(foreign.BlockSize));
            foreach (var part in foreign.Files.Skip(1))
                Line("extent", Application.Printable(part));
        }

        if (info.Qcow2 is not { } qcow2)
            return;
        Line("clusters", ByteCount.Format((ulong)qcow2.ClusterSize));
        Line("refcounts", $"{qcow2.RefcountBits} bits{(qcow2.HasLazyRefcounts ? ", lazy" : "")}");
        Line("compression", qcow2.Compression.ToString().ToLowerInvariant());
        if (qcow2.BackingFile is { } below)
            Line("backing file", $"{Application.Printable(below)}{(qcow2.BackingPath is { } path && path != below ? $" ({Application.Printable(path)})" : "")}, {(qcow2.BackingFormat is { } format ? Application.Printable(format) : "format not given")}");
        if (qcow2.IsDirty)
            Line("state", "not closed; reference counts may be wrong");
        if (qcow2.IsCorrupt)
            Line("state", "marked as damaged");
        foreach (var snapshot in qcow2.Snapshots)
            Line("snapshot", $"{Application.Printable(snapshot.Id)} {Application.Printable(snapshot.Name)}, {snapshot.Time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC{(snapshot.StateSize > 0 ? $", machine state {ByteCount.Format(snapshot.StateSize)}" : "")}");

        void Line(string name, string value) => output.WriteLine($"{name,-16}{value}");
    }

    private static string ToJson(ImageInfo info)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("image", info.Path);
            json.WriteString("format", info.Qcow2 is not null ? "qcow2" : info.Foreign?.Format ?? "raw");
            json.WriteNumber("size", info.Size);
            json.WriteNumber("fileSize", info.FileSize);
            json.WriteNumber("room", info.Room);
            if (info.Qcow2 is { } qcow2)
                WriteQcow2(json, qcow2);
            if (info.Foreign is { } foreign)
                WriteForeign(json, foreign);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void WriteForeign(Utf8JsonWriter json, ForeignInfo foreign)
    {
        json.WriteString("layout", foreign.Layout);
        json.WriteNumber("blockSize", foreign.BlockSize);
        json.WriteStartArray("extents");
        foreach (var part in foreign.Files.Skip(1))
            json.WriteStringValue(part);
        json.WriteEndArray();
    }

    private static void WriteQcow2(Utf8JsonWriter json, Qcow2Info qcow2)
    {
        json.WriteNumber("version", qcow2.Version);
        json.WriteNumber("clusterSize", qcow2.ClusterSize);
        json.WriteNumber("refcountBits", qcow2.RefcountBits);
        json.WriteString("compression", qcow2.Compression.ToString().ToLowerInvariant());
        json.WriteString("backingFile", qcow2.BackingFile);
        json.WriteString("backingPath", qcow2.BackingPath);
        json.WriteString("backingFormat", qcow2.BackingFormat);
        json.WriteBoolean("lazyRefcounts", qcow2.HasLazyRefcounts);
        json.WriteBoolean("dirty", qcow2.IsDirty);
        json.WriteBoolean("corrupt", qcow2.IsCorrupt);
        json.WriteStartArray("snapshots");
        foreach (var snapshot in qcow2.Snapshots)
        {
            json.WriteStartObject();
            json.WriteString("id", snapshot.Id);
            json.WriteString("name", snapshot.Name);
            json.WriteString("time", snapshot.Time);
            json.WriteNumber("stateSize", snapshot.StateSize);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

using System.Globalization;
using System.Text;

namespace Arm64Vm.Machine.Debugging.Monitor;

/// <summary>The picture on a machine's display, as a file.</summary>
internal static class Screendump
{
    /// <summary>Writes it; null, or what went wrong.</summary>
    /// <param name="machine">Whose display.</param>
    /// <param name="file">The file's name.</param>
    /// <param name="format"><c>png</c> or <c>ppm</c>; null: as the name says, else PNG.</param>
    public static string? TryWrite(VirtualMachine machine, string file, string? format)
    {
        format ??= file.EndsWith(".ppm", StringComparison.OrdinalIgnoreCase) ? "ppm" : "png";
        if (format is not ("png" or "ppm"))
            return $"there is no format '{format}', but png and ppm";
        if (machine.CaptureScreen() is not { } image)
            return machine.Config.HasDisplay ? "the guest shows nothing" : "the machine has no display";
        try
        {
            using var output = new FileStream(file, FileMode.Create, FileAccess.Write);
            if (format == "png")
            {
                image.WritePng(output);
                return null;
            }

            output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"P6\n{image.Width} {image.Height}\n255\n")));
            output.Write(image.Pixels.Span);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"'{file}' cannot be written: {e.Message}";
        }
    }
}

namespace Arm64Vm.Devices.Images;

/// <summary>Text of an image, for messages: it must not command the terminal.</summary>
internal static class PrintableText
{
    /// <summary>The text with question marks for control characters, line ends among them.</summary>
    public static string Of(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}

namespace Arm64Vm.Cli.Serial;

/// <summary>A console's output to several places, one after the other. It owns none of them.</summary>
internal sealed class FanOutput(IReadOnlyList<Stream> places) : OutputStream
{
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        foreach (var place in places)
            place.Write(buffer);
    }

    public override void Flush()
    {
        foreach (var place in places)
            place.Flush();
    }
}

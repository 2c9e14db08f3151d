namespace Arm64Vm.Cli.Tests;

/// <summary>Takes nothing until it is released.</summary>
internal sealed class StuckStream : MemoryStream
{
    private readonly ManualResetEventSlim _free = new();

    public void Release() => _free.Set();

    public override void Write(byte[] buffer, int offset, int count)
    {
        _free.Wait();
        base.Write(buffer, offset, count);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _free.Wait();
        base.Write(buffer);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _free.Dispose();
        base.Dispose(disposing);
    }
}

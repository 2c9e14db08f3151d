namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>Where the bytes of a request are between the disk and guest RAM.</summary>
internal class BlockBuffer
{
    public const int Size = 128 * 1024;

    public byte[] Bytes { get; } = new byte[Size];

    /// <summary>Takes bytes of a request into the buffer; false where they are not all there.</summary>
    public virtual bool TryTake(DescriptorChain chain, ulong offset, int length) => chain.TryRead(offset, Bytes.AsSpan(0, length));

    /// <summary>Gives bytes of the buffer to a request; false where they do not fit.</summary>
    public virtual bool TryGive(DescriptorChain chain, ulong offset, int length) => chain.TryWrite(offset, Bytes.AsSpan(0, length));
}

using Arm64Vm.Devices.Images;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>An image's file that also keeps every change, so that the file can be made as it would be had the process or the host died in between.</summary>
internal sealed class RecordingImageFile(string path) : ImageFile(File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite), path, isReadOnly: false)
{
    private readonly byte[] _before = File.ReadAllBytes(path);
    private readonly List<Change> _changes = [];

    /// <summary>Changes so far.</summary>
    public int Count => _changes.Count;

    public override void Write(long offset, ReadOnlySpan<byte> source)
    {
        base.Write(offset, source);
        _changes.Add(new Change(ChangeKind.Write, offset, source.Length, source.ToArray()));
    }

    public override void Extend(long length)
    {
        base.Extend(length);
        _changes.Add(new Change(ChangeKind.Extend, 0, length, []));
    }

    public override void Flush()
    {
        base.Flush();
        _changes.Add(new Change(ChangeKind.Flush, 0, 0, []));
    }

    public override void Punch(long offset, long length)
    {
        base.Punch(offset, length);
        _changes.Add(new Change(ChangeKind.Punch, offset, length, []));
    }

    /// <summary>The file as it is when the process is killed after a number of changes: the host has them all.</summary>
    public byte[] AfterKill(int count) => Apply(count, (_, _) => true);

    /// <summary>The file as it may be when the host loses power: of what was changed after the last flush any sectors are missing.</summary>
    public byte[] AfterPowerLoss(int count, Random random)
    {
        var flushed = _changes.FindLastIndex(count - 1, change => change.Kind == ChangeKind.Flush);
        return Apply(count, (index, _) => index <= flushed || random.Next(2) == 0);
    }

    private byte[] Apply(int count, Func<int, long, bool> isThere)
    {
        // No file can be longer than what was ever written.
        var length = Math.Max(_before.Length, _changes.Take(count).Max(change => change.Kind == ChangeKind.Flush ? 0 : change.Offset + change.Length));
        var bytes = new byte[length];
        _before.CopyTo(bytes, 0);
        long end = _before.Length;
        for (var i = 0; i < count; i++)
        {
            var change = _changes[i];
            switch (change.Kind)
            {
                case ChangeKind.Write:
                    for (long at = 0; at < change.Length;)
                    {
                        // Sectors of the host reach its disk whole.
                        var chunk = Math.Min(512 - ((change.Offset + at) & 511), change.Length - at);
                        if (isThere(i, at))
                        {
                            change.Bytes.AsSpan((int)at, (int)chunk).CopyTo(bytes.AsSpan((int)(change.Offset + at)));
                            end = Math.Max(end, change.Offset + at + chunk);
                        }

                        at += chunk;
                    }

                    break;
                case ChangeKind.Extend when isThere(i, 0):
                    end = Math.Max(end, change.Length);
                    break;
                case ChangeKind.Punch when isThere(i, 0):
                    bytes.AsSpan((int)change.Offset, (int)Math.Min(change.Length, length - change.Offset)).Clear();
                    break;
            }
        }

        return bytes[..(int)end];
    }

    private enum ChangeKind
    {
        Write,
        Extend,
        Flush,
        Punch,
    }

    private sealed record Change(ChangeKind Kind, long Offset, long Length, byte[] Bytes);
}

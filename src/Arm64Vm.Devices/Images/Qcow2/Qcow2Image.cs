using System.Buffers.Binary;
using Arm64Vm.Devices.Virtio.Block;
using static Arm64Vm.Devices.Images.Qcow2.Qcow2Format;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>A qcow2 image as a disk.</summary>
/// <remarks>
/// Data goes to the file at once; where it is (L2 and L1) and reference counts are kept in memory until <see cref="Commit"/>, which a flush of the guest
/// calls. What the guest has not flushed is lost when the process dies, as with a disk that has a cache; what it has flushed is not.
/// </remarks>
internal sealed partial class Qcow2Image : IBlockBackend, ISparseDisk, IDisposable
{
    private readonly Lock _gate = new();
    private readonly ImageFile _file;
    private readonly IBlockBackend? _backing;
    private readonly IDisposable? _owned;
    private readonly MetadataClusters _metadata;
    private readonly Refcounts _refcounts;
    private readonly FreedClusters _freed;
    private readonly ClusterMap _map;
    private readonly CompressedClusters _compressed;
    private readonly byte[] _cluster;
    private readonly int _clusterBits;

    /// <summary>Damage was found: nothing is written any more, what can be read is.</summary>
    private string? _damage;

    /// <param name="file">Owned from now on, unless this throws.</param>
    /// <param name="header">Of the file.</param>
    /// <param name="backing">What clusters that are not in the image read as; null: zeros.</param>
    /// <param name="owned">Disposed of with the image.</param>
    /// <exception cref="ImageFormatException">Its tables are damaged, or it is marked as damaged and is to be written.</exception>
    public Qcow2Image(ImageFile file, Qcow2Header header, IBlockBackend? backing, IDisposable? owned = null)
    {
        if (header.IsCorrupt && !file.IsReadOnly)
            throw new ImageFormatException($"The image '{file.Path}' is marked as damaged and cannot be written; 'arm64vm image check --repair {file.Path}' may mend it.");
        if (header.IsDirty && !file.IsReadOnly)
            throw new ImageFormatException($"The image '{file.Path}' was not closed, and its reference counts may be wrong; 'arm64vm image check --repair {file.Path}' mends them.");
        (_file, Header, _backing, _owned) = (file, header, backing, owned);
        _clusterBits = header.ClusterBits;
        Size = (header.Size + BlockRequests.SectorSize - 1) / BlockRequests.SectorSize * BlockRequests.SectorSize;
        _metadata = new MetadataClusters(_clusterBits);
        _refcounts = new Refcounts(file, header, _metadata);
        _freed = new FreedClusters(file, _refcounts, _clusterBits);
        _map = new ClusterMap(file, header, _refcounts, _metadata, _freed, Commit);
        _compressed = new CompressedClusters(file, header);
        _cluster = new byte[header.ClusterSize];
        if (header.SnapshotCount > 0)
            _metadata.Add(header.SnapshotsOffset, SnapshotTable.Length(file, header));
        foreach (var snapshot in SnapshotTable.Read(file, header))
            _metadata.Add(snapshot.L1Offset, snapshot.L1Entries * 8L);
        if (!file.IsReadOnly && header.Autoclear != 0)
            ClearAutoclear();
    }

    /// <summary>As it was when the image was opened.</summary>
    public Qcow2Header Header { get; }

    /// <inheritdoc/>
    public ulong Size { get; }

    /// <inheritdoc/>
    public bool IsReadOnly => _file.IsReadOnly;

    /// <summary>What was found to be damaged since the image was opened; null: nothing.</summary>
    public string? Damage => Volatile.Read(ref _damage);

    private int ClusterSize => 1 << _clusterBits;

    /// <summary>Writes everything that is in memory only and frees what is free.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (!IsReadOnly && _damage is null)
                Try(Close);
            _file.Dispose();
            _owned?.Dispose();
        }
    }

    /// <inheritdoc/>
    public bool TryFlush()
    {
        lock (_gate)
            return IsReadOnly || (_damage is null && Try(Commit));
    }

    /// <summary>Makes the disk durable. Order: counts, what finds them; then data and L2; then L1; at last what is free is given back.</summary>
    private void Commit()
    {
        if (_refcounts.HasChanges)
        {
            // A last cluster that was written in part has no end in the file.
            _file.Extend(_refcounts.End << _clusterBits);
            _refcounts.Write();
        }

        if (_map.HasChanges)
        {
            _file.Flush();
            _map.WriteTables();
            if (_map.HasRootChanges)
            {
                _file.Flush();
                _map.WriteRoot();
            }
        }

        _file.Flush();
        if (_freed.IsEmpty)
            return;
        _compressed.Forget();
        _freed.Release();
    }

    private void Close()
    {
        Commit();
        if (!_refcounts.HasChanges)
            return;
        _refcounts.Write();
        _file.Flush();
    }

    /// <summary>The autoclear features that a writer does not keep up are switched off, as the format wants it.</summary>
    private void ClearAutoclear()
    {
        Span<byte> none = stackalloc byte[8];
        none.Clear();
        _file.Write(AutoclearField, none);
    }

    /// <summary>Does what may fail because of the host or the image.</summary>
    private bool Try(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (Exception e) when (IsFailure(e))
        {
            NoteDamage(e);
            return false;
        }
    }

    /// <summary>What the host or the image may do wrong.</summary>
    private static bool IsFailure(Exception e) => e is ImageFormatException or IOException or UnauthorizedAccessException;

    /// <summary>If it is the image that is wrong, nothing more is written, and the file says so to the program that opens it next.</summary>
    private void NoteDamage(Exception e)
    {
        if (e is not ImageFormatException || _damage is not null)
            return;
        Volatile.Write(ref _damage, e.Message);
        if (IsReadOnly || Header.Version < 3)
            return;
        try
        {
            Span<byte> field = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(field, Header.Incompatible | Corrupt);
            _file.Write(IncompatibleField, field);
            _file.Flush();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The image cannot be written; it will be found damaged again.
        }
    }
}

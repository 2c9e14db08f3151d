using System.Buffers.Binary;
using static Arm64Vm.Devices.Sharing.P9Messages;

namespace Arm64Vm.Devices.Sharing;

/// <content>Attributes of files and of the file system.</content>
internal sealed partial class P9Server
{
    private const long Now = (1L << 30) - 1;
    private const long Omit = (1L << 30) - 2;

    private int GetAttributes(ref P9Reader reader, ref P9Writer writer)
    {
        var number = reader.Int();
        if (!TryFind(number, out var fid, out var error))
            return error;
        error = ShareCalls.Status(fid.File, _home, out var status);
        if (error != Errno.None)
            return error;
        writer.Long(BasicAttributes | (status.BirthTime is null ? 0 : BirthTime));
        writer.Qid(status);
        writer.Int(status.Mode);
        writer.Int(status.Owner);
        writer.Int(status.Group);
        writer.Long(status.Links);
        writer.Long(status.RawDevice);
        writer.Long(status.Length);
        writer.Long(status.BlockSize);
        writer.Long(status.Blocks);
        foreach (var (seconds, nanoseconds) in (ReadOnlySpan<(ulong, uint)>)[status.AccessTime, status.ModificationTime, status.ChangeTime, status.BirthTime ?? default])
        {
            writer.Long(seconds);
            writer.Long(nanoseconds);
        }

        // Generation and version of the data, which are not among the valid ones.
        writer.Long(0);
        writer.Long(0);
        return Errno.None;
    }

    private int SetAttributes(ref P9Reader reader)
    {
        var (number, valid, mode, owner, group, size) = (reader.Int(), reader.Int(), reader.Int(), reader.Int(), reader.Int(), reader.Long());
        var (accessSeconds, accessNanoseconds, seconds, nanoseconds) = ((long)reader.Long(), (long)reader.Long(), (long)reader.Long(), (long)reader.Long());
        if (reader.IsShort)
            return Errno.Invalid;
        if (!TryFind(number, out var fid, out var error))
            return error;
        if (_isReadOnly)
            return Errno.ReadOnly;
        error = ShareCalls.Status(fid.File, _home, out var status);
        if (error == Errno.None && (valid & (SetOwner | SetGroup)) != 0)
            error = Chown(fid, (valid & SetOwner) != 0 ? owner : uint.MaxValue, (valid & SetGroup) != 0 ? group : uint.MaxValue);
        if (error == Errno.None && (valid & SetMode) != 0)
            error = ShareCalls.SetMode(fid.File, mode & (status.Type == FileStatus.TypeDirectory ? DirectoryPermissions : Permissions));
        if (error == Errno.None && (valid & SetSize) != 0)
            error = status.Type == FileStatus.TypeRegular && size <= long.MaxValue ? ShareCalls.SetLength(fid.File, (long)size) : Errno.Invalid;
        if (error == Errno.None && (valid & (SetAccessTime | SetChangeTime)) != 0)
        {
            error = ShareCalls.SetTimes(fid.File,
            [
                accessSeconds, (valid & SetAccessTime) == 0 ? Omit : (valid & SetAccessTimeTo) != 0 ? accessNanoseconds : Now,
                seconds, (valid & SetChangeTime) == 0 ? Omit : (valid & SetChangeTimeTo) != 0 ? nanoseconds : Now,
            ]);
        }

        return error;
    }

    /// <summary>Without the right to change owners files stay the process's user's, and the guest is not told: programs that unpack files would fail.</summary>
    private int Chown(ShareFid fid, uint owner, uint group)
    {
        var error = ShareCalls.SetOwner(fid.File, owner, group);
        return error == Errno.NotPermitted && !_isPrivileged ? Errno.None : error;
    }

    /// <summary>struct statfs of the host's kernel.</summary>
    private int StatFs(ref P9Reader reader, ref P9Writer writer)
    {
        const uint V9fsMagic = 0x0102_1997;
        if (!TryFind(reader.Int(), out var fid, out var error))
            return error;
        Span<byte> status = stackalloc byte[256];
        error = ShareCalls.FileSystem(fid.File, status);
        if (error != Errno.None)
            return error;
        writer.Int(V9fsMagic);
        writer.Int((uint)Field(status, 8));
        foreach (var offset in (ReadOnlySpan<int>)[16, 24, 32, 40, 48, 56])
            writer.Long(Field(status, offset));
        writer.Int((uint)Field(status, 64));
        return Errno.None;

        static ulong Field(ReadOnlySpan<byte> status, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(status[offset..]);
    }

    private int ReadLink(ref P9Reader reader, ref P9Writer writer)
    {
        if (!TryFind(reader.Int(), out var fid, out var error))
            return error;
        error = ShareCalls.ReadLink(fid.File, _scratch.AsSpan(0, LongestPath), out var length);
        if (error == Errno.None)
            writer.Text(_scratch.AsSpan(0, length));
        return error;
    }

    /// <summary>A number for the value of an attribute, or for the list of names.</summary>
    private int ExtendedWalk(ref P9Reader reader, ref P9Writer writer)
    {
        var number = reader.Int();
        var newNumber = reader.Int();
        var name = reader.Text();
        if (reader.IsShort || _fids.ContainsKey(newNumber))
            return Errno.Invalid;
        if (!TryFind(number, out var fid, out var error))
            return error;
        int length;
        if (name.IsEmpty)
        {
            error = ShareCalls.ListExtended(fid.File, _scratch, out length);
            length = KeepUserNames(length);
        }
        else
        {
            error = TakeAttributeName(name);
            length = 0;
            if (error == Errno.None)
                error = ShareCalls.GetExtended(fid.File, _name, _scratch, out length);
        }

        if (error == Errno.None && HasManyAttributes)
            error = Errno.NoMemory;
        if (error == Errno.None)
            error = ShareCalls.Duplicate(fid.File, out var copy) is var failure && failure != Errno.None ? failure : Add(newNumber, copy, fid.User);
        if (error != Errno.None)
            return error;
        _fids[newNumber].Attribute = new ExtendedAttribute(null, _scratch[..length], 0);
        writer.Long((ulong)length);
        return Errno.None;
    }

    /// <summary>The number stands for the attribute from now on; it is set when the number is given up.</summary>
    private int ExtendedCreate(ref P9Reader reader)
    {
        var number = reader.Int();
        var name = reader.Text();
        var size = reader.Long();
        var flags = reader.Int();
        if (reader.IsShort)
            return Errno.Invalid;
        if (!TryFind(number, out var fid, out var error))
            return error;
        if (_isReadOnly)
            return Errno.ReadOnly;
        error = TakeAttributeName(name);
        if (error != Errno.None)
            return error;
        if (size > (ulong)_scratch.Length)
            return Errno.NoSpace;
        if (HasManyAttributes)
            return Errno.NoMemory;
        fid.Attribute = new ExtendedAttribute(_name[..(name.Length + 1)], new byte[size], (int)flags);
        return Errno.None;
    }

    private bool HasManyAttributes => _fids.Values.Count(fid => fid.Attribute is not null) >= MaximumAttributes;

    private static int StoreAttribute(ShareFid fid, ExtendedAttribute attribute)
    {
        if (attribute.Written != attribute.Value.Length)
            return Errno.Invalid;
        return attribute.Value.Length == 0
            ? ShareCalls.RemoveExtended(fid.File, attribute.Name)
            : ShareCalls.SetExtended(fid.File, attribute.Name, attribute.Value, attribute.Flags & 3);
    }

    /// <summary>Attributes of the user's only: others mean something to the host, such as capabilities of a program.</summary>
    private int TakeAttributeName(ReadOnlySpan<byte> name)
    {
        if (!name.StartsWith("user."u8))
            return Errno.NotSupported;
        if (name.Length > LongestName || name.Contains((byte)0))
            return Errno.Range;
        name.CopyTo(_name);
        _name[name.Length] = 0;
        return Errno.None;
    }

    private int KeepUserNames(int length)
    {
        var kept = 0;
        for (var at = 0; at < length;)
        {
            var name = _scratch.AsSpan(at, _scratch.AsSpan(at, length - at).IndexOf((byte)0) + 1);
            if (name.IsEmpty)
                break;
            if (name.StartsWith("user."u8))
            {
                name.CopyTo(_scratch.AsSpan(kept));
                kept += name.Length;
            }

            at += name.Length;
        }

        return kept;
    }
}

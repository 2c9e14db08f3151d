using System.Buffers.Binary;
using static Arm64Vm.Devices.Sharing.P9Messages;

namespace Arm64Vm.Devices.Sharing;

/// <content>Opening, reading and writing.</content>
internal sealed partial class P9Server
{
    /// <summary>Of an opened file: what of the guest's flags the host's kernel gets.</summary>
    private const int KeptFlags = ShareCalls.AccessMask | ShareCalls.Truncate | ShareCalls.Append | ShareCalls.FullSync;

    private const byte LockSucceeded = 0;
    private const byte NoLock = 2;

    private int Open(ref P9Reader reader, ref P9Writer writer)
    {
        var (number, flags) = (reader.Int(), (int)reader.Int());
        if (reader.IsShort)
            return Errno.Invalid;
        if (!TryFind(number, out var fid, out var error))
            return error;
        if (fid.Opened is not null)
            return Errno.Invalid;
        error = ShareCalls.Status(fid.File, _home, out var status);
        if (error != Errno.None)
            return error;
        var opened = fid.File;
        switch (status.Type)
        {
            case FileStatus.TypeDirectory:
                error = ShareCalls.Open(fid.File, ".\0"u8, ShareCalls.Directory, 0, out opened);
                break;
            case FileStatus.TypeRegular:
                if (_isReadOnly && (flags & (ShareCalls.AccessMask | ShareCalls.Truncate)) != 0)
                    return Errno.ReadOnly;
                error = ShareCalls.Reopen(fid.File, flags & KeptFlags, out opened);
                break;
            default:
                // Pipes, sockets and devices are the guest's own affair.
                return Errno.NotPermitted;
        }

        if (error != Errno.None)
            return error;
        fid.Open(opened, status.Type == FileStatus.TypeDirectory);
        writer.Qid(status);
        writer.Int(0);
        return Errno.None;
    }

    private int Create(ref P9Reader reader, ref P9Writer writer)
    {
        var number = reader.Int();
        var name = reader.Text();
        var flags = (int)reader.Int();
        var mode = reader.Int();
        var group = reader.Int();
        if (!TryChange(reader.IsShort, number, name, out var folder, out var error))
            return error;
        if (folder.Opened is not null)
            return Errno.Invalid;

        // What is there already is opened as Open does it: only a regular file.
        error = ShareCalls.Open(folder.File, _name, (flags & KeptFlags) | ShareCalls.Create | ShareCalls.Exclusive, mode & Permissions, out var created);
        if (error == Errno.None)
            Adopt(created, folder.User, group, mode & Permissions);
        else if (error == Errno.Exists && (flags & ShareCalls.Exclusive) == 0)
            error = OpenExisting(folder, flags, out created);
        if (error != Errno.None)
            return error;
        error = ShareCalls.Status(created, _home, out var status);
        if (error != Errno.None)
        {
            created.Dispose();
            return error;
        }

        folder.Become(created);
        writer.Qid(status);
        writer.Int(0);
        return Errno.None;
    }

    private int OpenExisting(ShareFid folder, int flags, out Microsoft.Win32.SafeHandles.SafeFileHandle opened)
    {
        var error = ShareCalls.Find(folder.File, _name, out opened);
        if (error != Errno.None)
            return error;
        using var held = opened;
        error = ShareCalls.Status(held, _home, out var status);
        if (error != Errno.None)
            return error;
        return status.Type == FileStatus.TypeRegular ? ShareCalls.Reopen(held, flags & KeptFlags, out opened) : Errno.NotPermitted;
    }

    private int Read(ref P9Reader reader, ref P9Writer writer)
    {
        var (number, offset, count) = (reader.Int(), reader.Long(), reader.Int());
        if (reader.IsShort || offset > long.MaxValue)
            return Errno.Invalid;
        var payload = writer.Payload((int)Math.Min(count, MaximumMessage));
        if (_fids.GetValueOrDefault(number) is { Attribute: { Name: null } attribute })
        {
            var rest = attribute.Value.AsSpan((int)Math.Min(offset, (ulong)attribute.Value.Length));
            rest = rest[..Math.Min(rest.Length, payload.Length)];
            rest.CopyTo(payload);
            writer.EndPayload(rest.Length);
            return Errno.None;
        }

        if (!TryFind(number, out var fid, out var error))
            return error;
        if (fid.Opened is not { } opened || fid.IsDirectory)
            return Errno.BadDescriptor;
        error = ShareCalls.Read(opened, payload, offset, out var read);
        if (error == Errno.None)
            writer.EndPayload(read);
        return error;
    }

    private int Write(ref P9Reader reader, ref P9Writer writer)
    {
        var number = reader.Int();
        var offset = reader.Long();
        var data = reader.Data();
        if (reader.IsShort || offset > long.MaxValue)
            return Errno.Invalid;
        if (_fids.GetValueOrDefault(number) is { Attribute: { Name: not null } attribute })
        {
            if (offset != (ulong)attribute.Written || data.Length > attribute.Value.Length - attribute.Written)
                return Errno.NoSpace;
            data.CopyTo(attribute.Value.AsSpan(attribute.Written));
            attribute.Written += data.Length;
            writer.Int((uint)data.Length);
            return Errno.None;
        }

        if (!TryFind(number, out var fid, out var error))
            return error;
        if (fid.Opened is not { } opened || fid.IsDirectory)
            return Errno.BadDescriptor;
        error = ShareCalls.Write(opened, data, offset, out var written);
        if (error == Errno.None)
            writer.Int((uint)written);
        return error;
    }

    private int Sync(ref P9Reader reader)
    {
        var (number, dataOnly) = (reader.Int(), reader.Int());
        if (reader.IsShort)
            return Errno.Invalid;
        if (!TryFind(number, out var fid, out var error))
            return error;
        return fid.Opened is { } opened ? ShareCalls.Sync(opened, dataOnly != 0) : Errno.BadDescriptor;
    }

    /// <summary>struct linux_dirent64: inode (8 bytes), place of the next (8), length (2), type (1), name.</summary>
    private int ReadDirectory(ref P9Reader reader, ref P9Writer writer)
    {
        const int NameOffset = 19;
        var (number, place, count) = (reader.Int(), reader.Long(), reader.Int());
        if (reader.IsShort || place > long.MaxValue)
            return Errno.Invalid;
        if (!TryFind(number, out var fid, out var error))
            return error;
        if (fid.Opened is not { } opened || !fid.IsDirectory)
            return Errno.BadDescriptor;
        var payload = writer.Payload((int)Math.Min(count, MaximumMessage));

        // An entry is about as long here as there, so no more is asked for than will fit.
        var wanted = Math.Clamp(payload.Length, 1024, _scratch.Length);
        error = ShareCalls.ReadEntries(opened, place, _scratch.AsSpan(0, wanted), out var length);
        if (error != Errno.None)
            return error;
        var filled = 0;
        for (var at = 0; at + NameOffset < length;)
        {
            var entry = _scratch.AsSpan(at, BinaryPrimitives.ReadUInt16LittleEndian(_scratch.AsSpan(at + 16)));
            var name = entry[NameOffset..];
            name = name[..name.IndexOf((byte)0)];
            var size = QidSize + 8 + 1 + 2 + name.Length;
            if (filled + size > payload.Length)
                break;
            var target = payload.Slice(filled, size);
            target[0] = entry[18] switch { 4 => QidDirectory, 10 => QidSymLink, _ => 0 };
            BinaryPrimitives.WriteUInt32LittleEndian(target[1..], 0);
            entry[..8].CopyTo(target[5..]);
            entry.Slice(8, 8).CopyTo(target[QidSize..]);
            target[QidSize + 8] = entry[18];
            BinaryPrimitives.WriteUInt16LittleEndian(target[(QidSize + 9)..], (ushort)name.Length);
            name.CopyTo(target[(QidSize + 11)..]);
            filled += size;
            at += entry.Length;
        }

        if (filled == 0 && length > 0)
            return Errno.MessageSize;
        writer.EndPayload(filled);
        return Errno.None;
    }

    /// <summary>Locks are kept by the guest's kernel, between its own processes.</summary>
    private int Lock(ref P9Reader reader, ref P9Writer writer)
    {
        if (!TryFind(reader.Int(), out _, out var error))
            return error;
        writer.Byte(LockSucceeded);
        return Errno.None;
    }

    private int GetLock(ref P9Reader reader, ref P9Writer writer)
    {
        var number = reader.Int();
        reader.Byte();
        var start = reader.Long();
        var length = reader.Long();
        var process = reader.Int();
        var client = reader.Text();
        if (reader.IsShort)
            return Errno.Invalid;
        if (!TryFind(number, out _, out var error))
            return error;
        writer.Byte(NoLock);
        writer.Long(start);
        writer.Long(length);
        writer.Int(process);
        writer.Text(client);
        return Errno.None;
    }
}

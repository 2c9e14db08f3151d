using Microsoft.Win32.SafeHandles;
using static Arm64Vm.Devices.Sharing.P9Messages;

namespace Arm64Vm.Devices.Sharing;

/// <content>Names in folders: finding, making, renaming and removing what they stand for.</content>
internal sealed partial class P9Server
{
    private const int LongestName = 255;
    private const int NameSize = LongestName + 1;
    private const int LongestPath = 4095;

    /// <summary>Permissions that a guest may give: not to run as the file's owner or group.</summary>
    private const uint Permissions = 0x3FF;

    /// <summary>For folders the group's bit means something else: that files in them get the group.</summary>
    private const uint DirectoryPermissions = 0x7FF;

    private int Walk(ref P9Reader reader, ref P9Writer writer)
    {
        var (number, newNumber, count) = (reader.Int(), reader.Int(), reader.Word());
        if (reader.IsShort || count > MaximumNames)
            return Errno.Invalid;
        if (!TryFind(number, out var fid, out var error))
            return error;
        if (newNumber != number ? _fids.ContainsKey(newNumber) : fid.Opened is not null)
            return Errno.Invalid;
        error = ShareCalls.Duplicate(fid.File, out var at);
        if (error != Errno.None)
            return error;
        writer.Word(0);
        var done = 0;
        for (; done < count; done++)
        {
            var name = reader.Text();
            error = reader.IsShort ? Errno.Invalid : Step(ref at, name);
            if (error != Errno.None)
                break;
            error = ShareCalls.Status(at, _home, out var status);
            if (error != Errno.None)
                break;
            writer.Qid(status);
        }

        // Where the first name is not there it is an error; where a later one is not the driver sees how far it came.
        if (done < count)
        {
            at.Dispose();
            return done == 0 ? error : Finish(ref writer, done);
        }

        if (newNumber == number && _fids.Remove(number))
            fid.Dispose();
        error = Add(newNumber, at, fid.User);
        return error == Errno.None ? Finish(ref writer, done) : error;

        // The count comes before what it counts.
        static int Finish(ref P9Writer writer, int done)
        {
            writer.SetFirstWord((ushort)done);
            return Errno.None;
        }
    }

    /// <summary>From a folder to what it has under a name.</summary>
    private int Step(ref SafeFileHandle at, ReadOnlySpan<byte> name)
    {
        var error = TakeName(name, _name);
        if (error != Errno.None)
            return error;
        error = ShareCalls.Find(at, _name, out var next);
        if (error != Errno.None)
            return error;
        at.Dispose();
        at = next;
        return Errno.None;
    }

    private int MakeDirectory(ref P9Reader reader, ref P9Writer writer)
    {
        var number = reader.Int();
        var name = reader.Text();
        var mode = reader.Int();
        var group = reader.Int();
        if (!TryChange(reader.IsShort, number, name, out var folder, out var error))
            return error;
        error = ShareCalls.MakeDirectory(folder.File, _name, mode & DirectoryPermissions);
        return error == Errno.None ? DescribeNew(folder, mode & DirectoryPermissions, group, ref writer) : error;
    }

    private int MakeNode(ref P9Reader reader, ref P9Writer writer)
    {
        var number = reader.Int();
        var name = reader.Text();
        var mode = reader.Int();
        reader.Int();
        reader.Int();
        var group = reader.Int();
        if (!TryChange(reader.IsShort, number, name, out var folder, out var error))
            return error;

        // A device node would be a device of the host.
        if ((mode & FileStatus.TypeMask) is not (FileStatus.TypeRegular or FileStatus.TypePipe or FileStatus.TypeSocket))
            return Errno.NotPermitted;
        error = ShareCalls.MakeNode(folder.File, _name, mode & (FileStatus.TypeMask | Permissions));
        return error == Errno.None ? DescribeNew(folder, mode & Permissions, group, ref writer) : error;
    }

    private int SymLink(ref P9Reader reader, ref P9Writer writer)
    {
        var number = reader.Int();
        var name = reader.Text();
        var target = reader.Text();
        var group = reader.Int();
        if (!TryChange(reader.IsShort, number, name, out var folder, out var error))
            return error;
        if (target.IsEmpty || target.Length > LongestPath || target.Contains((byte)0))
            return Errno.Invalid;
        target.CopyTo(_scratch);
        _scratch[target.Length] = 0;
        error = ShareCalls.MakeSymLink(_scratch, folder.File, _name);
        return error == Errno.None ? DescribeNew(folder, mode: null, group, ref writer) : error;
    }

    private int Link(ref P9Reader reader)
    {
        var number = reader.Int();
        var fileNumber = reader.Int();
        var name = reader.Text();
        if (!TryChange(reader.IsShort, number, name, out var folder, out var error) || !TryFind(fileNumber, out var file, out error))
            return error;
        return ShareCalls.Link(file.File, folder.File, _name);
    }

    private int RenameAt(ref P9Reader reader)
    {
        var number = reader.Int();
        var name = reader.Text();
        var newNumber = reader.Int();
        var newName = reader.Text();
        if (!TryChange(reader.IsShort, number, name, out var folder, out var error) || !TryFind(newNumber, out var newFolder, out error))
            return error;
        error = TakeName(newName, _otherName);
        return error == Errno.None ? ShareCalls.Rename(folder.File, _name, newFolder.File, _otherName) : error;
    }

    private int UnlinkAt(ref P9Reader reader)
    {
        var number = reader.Int();
        var name = reader.Text();
        var flags = reader.Int();
        if (!TryChange(reader.IsShort, number, name, out var folder, out var error))
            return error;
        return (flags & ~(uint)ShareCalls.RemoveDirectory) != 0 ? Errno.Invalid : ShareCalls.Unlink(folder.File, _name, (int)flags);
    }

    /// <summary>What every change of a folder begins with.</summary>
    private bool TryChange(bool isShort, uint number, ReadOnlySpan<byte> name, out ShareFid folder, out int error)
    {
        folder = null!;
        error = isShort ? Errno.Invalid : TakeName(name, _name);
        if (error != Errno.None || !TryFind(number, out folder, out error))
            return false;
        error = _isReadOnly ? Errno.ReadOnly : Errno.None;
        return !_isReadOnly;
    }

    /// <summary>Answers with what was just made under the name, and gives it its owner and its exact permissions.</summary>
    private int DescribeNew(ShareFid folder, uint? mode, uint group, ref P9Writer writer)
    {
        var error = ShareCalls.Find(folder.File, _name, out var made);
        if (error != Errno.None)
            return error;
        using (made)
        {
            Adopt(made, folder.User, group, mode);
            error = ShareCalls.Status(made, _home, out var status);
            if (error == Errno.None)
                writer.Qid(status);
            return error;
        }
    }

    /// <summary>A new file is its maker's where the process may say so; else it is the process's user's. The host's umask has no part in it.</summary>
    private void Adopt(SafeFileHandle made, uint user, uint group, uint? mode)
    {
        if (_isPrivileged)
            ShareCalls.SetOwner(made, user, group);
        if (mode is { } permissions)
            ShareCalls.SetMode(made, permissions);
    }

    /// <summary>Copies a name, which is one name and not a way.</summary>
    private static int TakeName(ReadOnlySpan<byte> name, byte[] destination)
    {
        if (name.Length > LongestName)
            return Errno.NameTooLong;
        if (name.IsEmpty || name.ContainsAny((byte)0, (byte)'/') || name.SequenceEqual("."u8) || name.SequenceEqual(".."u8))
            return Errno.Invalid;
        name.CopyTo(destination);
        destination[name.Length] = 0;
        return Errno.None;
    }
}

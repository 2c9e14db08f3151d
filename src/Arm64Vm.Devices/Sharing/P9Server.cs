using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using static Arm64Vm.Devices.Sharing.P9Messages;

namespace Arm64Vm.Devices.Sharing;

/// <summary>A folder of the host for 9P2000.L (Linux's v9fs): answers requests, one at a time.</summary>
/// <remarks>
/// Bounded: what a guest can make the process hold is <see cref="MaximumFids"/> numbers, each with two descriptors at most, and
/// <see cref="MaximumAttributes"/> attributes of 64 KiB. What a guest can reach is below the folder; see <see cref="ShareCalls"/>.
/// It gets no set-user-ID files and no device nodes made, and opens only regular files and folders.
/// </remarks>
internal sealed partial class P9Server : IDisposable
{
    /// <summary>Bytes of a message.</summary>
    public const int MaximumMessage = 512 * 1024;

    public const int MaximumAttributes = 64;

    private const int MinimumMessage = 4096;

    private readonly Dictionary<uint, ShareFid> _fids = [];
    private readonly SafeFileHandle _root;
    private readonly bool _isReadOnly;
    private readonly bool _isPrivileged;
    private readonly ulong _home;
    private readonly byte[] _name = new byte[NameSize];
    private readonly byte[] _otherName = new byte[NameSize];
    private readonly byte[] _scratch = new byte[64 * 1024];
    private int _messageSize = MaximumMessage;

    /// <param name="folder">What is shared.</param>
    /// <param name="isReadOnly">Nothing in it is changed.</param>
    /// <exception cref="IOException">It is no folder, or the host lacks what is needed.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not open it.</exception>
    public P9Server(string folder, bool isReadOnly)
    {
        _isReadOnly = isReadOnly;
        _isPrivileged = ShareCalls.IsPrivileged();
        MaximumFids = (int)Math.Clamp(ShareCalls.DescriptorLimit() / 4, 64, 16384);
        if (!Directory.Exists("/proc/self/fd"))
            throw new IOException("Sharing a folder needs /proc.");
        var error = ShareCalls.OpenRoot(folder, out _root);
        if (error != Errno.None)
            throw error == 13 ? new UnauthorizedAccessException($"The folder '{folder}' may not be opened.") : new IOException(error is Errno.NoEntry or Errno.NotDirectory ? $"'{folder}' is no folder." : $"The folder '{folder}' cannot be opened (error {error}).");
        if (ShareCalls.Status(_root, 0, out var status) == Errno.None)
            _home = status.Device;
    }

    /// <summary>Numbers that a guest may use at once.</summary>
    public int MaximumFids { get; }

    /// <summary>Numbers in use.</summary>
    public int FidCount => _fids.Count;

    /// <summary>Answers a request.</summary>
    /// <param name="request">The whole message.</param>
    /// <param name="reply">Room for the answer.</param>
    /// <returns>Bytes of the answer; 0: there is not even room for an error.</returns>
    public int Serve(ReadOnlySpan<byte> request, Span<byte> reply)
    {
        if (request.Length < HeaderSize || reply.Length < HeaderSize + 4)
            return 0;
        reply = reply[..Math.Min(reply.Length, _messageSize)];
        var (type, tag) = (request[4], BinaryPrimitives.ReadUInt16LittleEndian(request[5..]));
        var reader = new P9Reader(request[HeaderSize..]);
        var writer = new P9Writer(reply);
        var error = BinaryPrimitives.ReadUInt32LittleEndian(request) > (uint)request.Length ? Errno.Invalid : Do(type, ref reader, ref writer);
        if (error == Errno.None && writer.IsFull)
            error = Errno.MessageSize;
        if (error != Errno.None)
        {
            type = Error - 1;
            writer = new P9Writer(reply);
            writer.Int((uint)error);
        }

        BinaryPrimitives.WriteInt32LittleEndian(reply, writer.Length);
        reply[4] = (byte)(type + 1);
        BinaryPrimitives.WriteUInt16LittleEndian(reply[5..], tag);
        return writer.Length;
    }

    /// <summary>Forgets every number, as at the beginning of a session.</summary>
    public void Clear()
    {
        foreach (var fid in _fids.Values)
            fid.Dispose();
        _fids.Clear();
        _messageSize = MaximumMessage;
    }

    public void Dispose()
    {
        Clear();
        _root.Dispose();
    }

    private int Do(byte type, ref P9Reader reader, ref P9Writer writer)
    {
        switch (type)
        {
            case P9Messages.Version: return Negotiate(ref reader, ref writer);
            case P9Messages.Attach: return Attach(ref reader, ref writer);
            case P9Messages.Flush: return Errno.None;
            case P9Messages.Walk: return Walk(ref reader, ref writer);
            case P9Messages.Clunk: return Clunk(ref reader);
            case P9Messages.Open: return Open(ref reader, ref writer);
            case P9Messages.Create: return Create(ref reader, ref writer);
            case P9Messages.Read: return Read(ref reader, ref writer);
            case P9Messages.Write: return Write(ref reader, ref writer);
            case P9Messages.ReadDirectory: return ReadDirectory(ref reader, ref writer);
            case P9Messages.Sync: return Sync(ref reader);
            case P9Messages.Lock: return Lock(ref reader, ref writer);
            case P9Messages.GetLock: return GetLock(ref reader, ref writer);
            case P9Messages.GetAttributes: return GetAttributes(ref reader, ref writer);
            case P9Messages.SetAttributes: return SetAttributes(ref reader);
            case P9Messages.StatFs: return StatFs(ref reader, ref writer);
            case P9Messages.ReadLink: return ReadLink(ref reader, ref writer);
            case P9Messages.SymLink: return SymLink(ref reader, ref writer);
            case P9Messages.MakeNode: return MakeNode(ref reader, ref writer);
            case P9Messages.MakeDirectory: return MakeDirectory(ref reader, ref writer);
            case P9Messages.Link: return Link(ref reader);
            case P9Messages.RenameAt: return RenameAt(ref reader);
            case P9Messages.UnlinkAt: return UnlinkAt(ref reader);
            case P9Messages.ExtendedWalk: return ExtendedWalk(ref reader, ref writer);
            case P9Messages.ExtendedCreate: return ExtendedCreate(ref reader);

            // Among them Trename and Tremove, for which drivers use what takes folders and names.
            default: return Errno.NotSupported;
        }
    }

    private int Negotiate(ref P9Reader reader, ref P9Writer writer)
    {
        var size = reader.Int();
        var version = reader.Text();
        if (reader.IsShort || size < MinimumMessage)
            return Errno.Invalid;
        Clear();
        _messageSize = (int)Math.Min(size, MaximumMessage);
        writer.Int((uint)_messageSize);
        writer.Text(version.SequenceEqual("9P2000.L"u8) ? version : "unknown"u8);
        return Errno.None;
    }

    private int Attach(ref P9Reader reader, ref P9Writer writer)
    {
        var number = reader.Int();
        reader.Int();
        reader.Text();
        reader.Text();
        var user = reader.Int();
        if (reader.IsShort || _fids.ContainsKey(number))
            return Errno.Invalid;
        var error = ShareCalls.Status(_root, _home, out var status);
        if (error == Errno.None)
            error = ShareCalls.Duplicate(_root, out var copy) is var failure && failure != Errno.None ? failure : Add(number, copy, user == uint.MaxValue ? 0 : user);
        if (error == Errno.None)
            writer.Qid(status);
        return error;
    }

    private int Clunk(ref P9Reader reader)
    {
        var number = reader.Int();
        if (reader.IsShort || !_fids.Remove(number, out var fid))
            return Errno.BadDescriptor;
        using (fid)
            return fid.Attribute is { Name: not null } attribute ? StoreAttribute(fid, attribute) : Errno.None;
    }

    /// <summary>Gives a number a meaning.</summary>
    /// <param name="number">The driver's.</param>
    /// <param name="file">Owned from now on, also where there are too many.</param>
    /// <param name="user">The guest's.</param>
    private int Add(uint number, SafeFileHandle file, uint user)
    {
        if (_fids.Count < MaximumFids)
        {
            _fids.Add(number, new ShareFid(file, user));
            return Errno.None;
        }

        file.Dispose();
        return Errno.TooManyFiles;
    }

    private bool TryFind(uint number, out ShareFid fid, out int error)
    {
        error = _fids.TryGetValue(number, out fid!) && fid.Attribute is null ? Errno.None : Errno.BadDescriptor;
        return error == Errno.None;
    }
}

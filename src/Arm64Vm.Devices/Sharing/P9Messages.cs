namespace Arm64Vm.Devices.Sharing;

/// <summary>Numbers of 9P2000.L (diod, protocol.md): types of requests – a reply's is one more – and bits in them.</summary>
internal static class P9Messages
{
    public const byte Error = 7;
    public const byte StatFs = 8;
    public const byte Open = 12;
    public const byte Create = 14;
    public const byte SymLink = 16;
    public const byte MakeNode = 18;
    public const byte ReadLink = 22;
    public const byte GetAttributes = 24;
    public const byte SetAttributes = 26;
    public const byte ExtendedWalk = 30;
    public const byte ExtendedCreate = 32;
    public const byte ReadDirectory = 40;
    public const byte Sync = 50;
    public const byte Lock = 52;
    public const byte GetLock = 54;
    public const byte Link = 70;
    public const byte MakeDirectory = 72;
    public const byte RenameAt = 74;
    public const byte UnlinkAt = 76;
    public const byte Version = 100;
    public const byte Attach = 104;
    public const byte Flush = 108;
    public const byte Walk = 110;
    public const byte Read = 116;
    public const byte Write = 118;
    public const byte Clunk = 120;

    /// <summary>Size, type and tag.</summary>
    public const int HeaderSize = 7;

    /// <summary>Type, version and path of a file.</summary>
    public const int QidSize = 13;

    /// <summary>Names in one walk.</summary>
    public const int MaximumNames = 16;

    // What SetAttributes sets.
    public const uint SetMode = 1;
    public const uint SetOwner = 2;
    public const uint SetGroup = 4;
    public const uint SetSize = 8;
    public const uint SetAccessTime = 0x10;
    public const uint SetChangeTime = 0x20;
    public const uint SetAccessTimeTo = 0x80;
    public const uint SetChangeTimeTo = 0x100;

    /// <summary>What GetAttributes answers: everything that stat(2) has, and the time of birth.</summary>
    public const ulong BasicAttributes = 0x7FF;

    public const ulong BirthTime = 0x800;

    public const byte QidDirectory = 0x80;
    public const byte QidSymLink = 0x02;
}

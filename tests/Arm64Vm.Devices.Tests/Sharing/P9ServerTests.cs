using System.Diagnostics;
using System.Text;
using Arm64Vm.Devices.Sharing;
using static Arm64Vm.Devices.Tests.Sharing.P9Client;

namespace Arm64Vm.Devices.Tests.Sharing;

public sealed class P9ServerTests : IDisposable
{
    private const int NoEntry = 2;
    private const int BadDescriptor = 9;
    private const int Exists = 17;
    private const int CrossesDevice = 18;
    private const int NotDirectory = 20;
    private const int Invalid = 22;
    private const int ReadOnlyFileSystem = 30;
    private const int NotSupported = 95;
    private const int Loop = 40;

    private readonly DirectoryInfo _outer = Directory.CreateTempSubdirectory("arm64vm");
    private readonly string _shared;

    public P9ServerTests() => _shared = Directory.CreateDirectory(Path.Combine(_outer.FullName, "shared")).FullName;

    /// <summary>By rm: the runtime cannot remove names that are not UTF-8.</summary>
    public void Dispose()
    {
        using var process = Process.Start("rm", ["-rf", _outer.FullName]);
        process.WaitForExit();
    }

    [Fact]
    public void FilesAreMadeWrittenReadAndRemoved()
    {
        using var server = new P9Server(_shared, isReadOnly: false);
        var client = new P9Client(server);
        client.Succeed(P9Messages.MakeDirectory, Int(0), Text("folder"), Int(0x1ED), Int(0));
        client.Walk(0, 1, "folder");
        client.Create(1, "file");
        Assert.Equal(5u, client.Write(1, 3, "hello"u8.ToArray()));
        client.Succeed(P9Messages.Sync, Int(1), Int(0));
        Assert.Equal("\0\0\0hello", Encoding.ASCII.GetString(client.Read(1, 0, 100)));
        Assert.Equal((0x81A4u, 8ul), (client.Attributes(1).Mode, client.Attributes(1).Length));
        Assert.Equal("\0\0\0hello"u8, File.ReadAllBytes(Path.Combine(_shared, "folder/file")));
        client.Walk(0, 2, "folder");
        client.Succeed(P9Messages.Link, Int(0), Int(1), Text("hard"));
        client.Succeed(P9Messages.RenameAt, Int(2), Text("file"), Int(0), Text("moved"));
        Assert.Equal("\0\0\0hello"u8, File.ReadAllBytes(Path.Combine(_shared, "moved")));
        client.Succeed(P9Messages.UnlinkAt, Int(0), Text("moved"), Int(0));
        client.Succeed(P9Messages.UnlinkAt, Int(0), Text("hard"), Int(0));
        client.Succeed(P9Messages.UnlinkAt, Int(0), Text("folder"), Int(0x200));
        Assert.Empty(Directory.GetFileSystemEntries(_shared));

        // What is open is there without a name.
        Assert.Equal("hello", Encoding.ASCII.GetString(client.Read(1, 3, 100)));
        client.Succeed(P9Messages.SetAttributes, SetAttributes(1, P9Messages.SetSize, size: 4));
        Assert.Equal(4ul, client.Attributes(1).Length);
        client.Clunk(1);
        Assert.Equal(BadDescriptor, client.Fail(P9Messages.Read, Int(1), Long(0), Int(1)));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(4096)]
    [InlineData(60_000)]
    public void AFolderIsReadInPieces(int chunk)
    {
        List<string> expected = [".", ".."];
        for (var i = 0; i < 500; i++)
        {
            File.WriteAllText(Path.Combine(_shared, $"file number {i}"), "");
            expected.Add($"file number {i}");
        }

        using var server = new P9Server(_shared, isReadOnly: true);
        var client = new P9Client(server);
        client.Walk(0, 1);
        client.Succeed(P9Messages.Open, Int(1), Int(0x10000));
        Assert.Equal(expected.Order(StringComparer.Ordinal), client.Names(1, (uint)chunk).Order(StringComparer.Ordinal));
    }

    /// <summary>Links, dots and slashes: whatever a guest tries, it stays in the folder.</summary>
    [Fact]
    public void NoNameLeadsOutOfTheShare()
    {
        File.WriteAllText(Path.Combine(_outer.FullName, "secret"), "secret");
        File.CreateSymbolicLink(Path.Combine(_shared, "up"), "..");
        File.CreateSymbolicLink(Path.Combine(_shared, "absolute"), Path.Combine(_outer.FullName, "secret"));
        File.CreateSymbolicLink(Path.Combine(_shared, "relative"), "../secret");
        File.CreateSymbolicLink(Path.Combine(_shared, "process"), "/proc/self/root");
        using var server = new P9Server(_shared, isReadOnly: false);
        var client = new P9Client(server);
        foreach (var name in (ReadOnlySpan<string>)["..", ".", "", "../secret", "/etc/passwd", "a/b", "up/secret"])
        {
            Assert.Equal(Invalid, client.FailToWalk(0, 1, name));
            Assert.Equal(Invalid, client.Fail(P9Messages.Create, Int(0), Text(name), Int(0x41), Int(0x1A4), Int(0)));
            Assert.Equal(Invalid, client.Fail(P9Messages.MakeDirectory, Int(0), Text(name), Int(0x1ED), Int(0)));
            Assert.Equal(Invalid, client.Fail(P9Messages.UnlinkAt, Int(0), Text(name), Int(0)));
            Assert.Equal(Invalid, client.Fail(P9Messages.RenameAt, Int(0), Text("up"), Int(0), Text(name)));
            Assert.Equal(Invalid, client.Fail(P9Messages.SymLink, Int(0), Text(name), Text("x"), Int(0)));
        }

        foreach (var link in (ReadOnlySpan<string>)["up", "absolute", "relative", "process"])
        {
            // The link itself is there, and that is all.
            client.Walk(0, 1, link);
            Assert.Equal(0xA000u, client.Attributes(1).Mode & 0xF000);
            Assert.Equal(1, client.Fail(P9Messages.Open, Int(1), Int(0)));
            Assert.Contains(client.FailToWalk(1, 2, "secret"), (int[])[NotDirectory, Loop, CrossesDevice]);
            Assert.Equal(Invalid, client.Fail(P9Messages.SetAttributes, SetAttributes(1, P9Messages.SetSize)));
            Assert.NotEqual(0, client.Fail(P9Messages.Create, Int(1), Text("inside"), Int(0x41), Int(0x1A4), Int(0)));
            client.Clunk(1);
            Assert.Equal(1, client.Fail(P9Messages.Create, Int(0), Text(link), Int(0x41), Int(0x1A4), Int(0)));

            // A walk through it ends at it: one name found of two.
            Assert.Equal(1, BitConverter.ToUInt16(client.Walk(0, 1, link, "secret")));
            Assert.Equal(BadDescriptor, client.Fail(P9Messages.GetAttributes, Int(1), Long(0)));
        }

        // A folder that has become a link since it was found is still the folder it was.
        Directory.CreateDirectory(Path.Combine(_shared, "folder"));
        client.Walk(0, 3, "folder");
        Directory.Move(Path.Combine(_shared, "folder"), Path.Combine(_shared, "renamed"));
        File.CreateSymbolicLink(Path.Combine(_shared, "folder"), "..");
        client.Succeed(P9Messages.MakeDirectory, Int(3), Text("made"), Int(0x1ED), Int(0));
        Assert.True(Directory.Exists(Path.Combine(_shared, "renamed/made")));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(_outer.FullName, "secret")));
        Assert.Equal(["secret", "shared"], Directory.GetFileSystemEntries(_outer.FullName).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void LinksAreTheGuestsToFollow()
    {
        using var server = new P9Server(_shared, isReadOnly: false);
        var client = new P9Client(server);
        client.Succeed(P9Messages.SymLink, Int(0), Text("link"), Text("/etc/passwd"), Int(0));
        Assert.Equal("/etc/passwd", File.ResolveLinkTarget(Path.Combine(_shared, "link"), returnFinalTarget: false)!.FullName);
        client.Walk(0, 1, "link");
        Assert.Equal(Text("/etc/passwd"), client.Succeed(P9Messages.ReadLink, Int(1)));
    }

    [Fact]
    public void AGuestMakesNoProgramsOfTheHostsUserAndNoDevices()
    {
        using var server = new P9Server(_shared, isReadOnly: false);
        var client = new P9Client(server);
        client.Walk(0, 1);
        client.Create(1, "program", mode: 0xDED);
        Assert.Equal(0x81EDu, client.Attributes(1).Mode);
        client.Succeed(P9Messages.SetAttributes, SetAttributes(1, P9Messages.SetMode, mode: 0xDC0));
        Assert.Equal(0x81C0u, client.Attributes(1).Mode);
        foreach (var type in (ReadOnlySpan<uint>)[0x2000, 0x6000, 0x4000, 0])
            Assert.Equal(1, client.Fail(P9Messages.MakeNode, Int(0), Text("node"), Int(type | 0x1B6), Int(1), Int(3), Int(0)));
        client.Succeed(P9Messages.MakeNode, Int(0), Text("pipe"), Int(0x11B6), Int(0), Int(0), Int(0));
        client.Walk(0, 2, "pipe");
        Assert.Equal(1, client.Fail(P9Messages.Open, Int(2), Int(0)));
        Assert.Equal(1, client.Fail(P9Messages.Create, Int(0), Text("pipe"), Int(0x41), Int(0x1B6), Int(0)));
    }

    [Fact]
    public void AReadOnlyShareIsNotChanged()
    {
        File.WriteAllText(Path.Combine(_shared, "file"), "contents");
        using var server = new P9Server(_shared, isReadOnly: true);
        var client = new P9Client(server);
        client.Walk(0, 1, "file");
        Assert.Equal(ReadOnlyFileSystem, client.Fail(P9Messages.Open, Int(1), Int(1)));
        Assert.Equal(ReadOnlyFileSystem, client.Fail(P9Messages.Open, Int(1), Int(0x200)));
        Assert.Equal(ReadOnlyFileSystem, client.Fail(P9Messages.Create, Int(0), Text("new"), Int(0x41), Int(0x1A4), Int(0)));
        Assert.Equal(ReadOnlyFileSystem, client.Fail(P9Messages.MakeDirectory, Int(0), Text("new"), Int(0x1ED), Int(0)));
        Assert.Equal(ReadOnlyFileSystem, client.Fail(P9Messages.SymLink, Int(0), Text("new"), Text("x"), Int(0)));
        Assert.Equal(ReadOnlyFileSystem, client.Fail(P9Messages.MakeNode, Int(0), Text("new"), Int(0x81A4), Int(0), Int(0), Int(0)));
        Assert.Equal(ReadOnlyFileSystem, client.Fail(P9Messages.Link, Int(0), Int(1), Text("new")));
        Assert.Equal(ReadOnlyFileSystem, client.Fail(P9Messages.RenameAt, Int(0), Text("file"), Int(0), Text("new")));
        Assert.Equal(ReadOnlyFileSystem, client.Fail(P9Messages.UnlinkAt, Int(0), Text("file"), Int(0)));
        Assert.Equal(ReadOnlyFileSystem, client.Fail(P9Messages.ExtendedCreate, Int(1), Text("user.a"), Long(1), Int(0)));
        foreach (var what in (ReadOnlySpan<uint>)[1, 2, 4, 8, 0x10, 0x20])
            Assert.Equal(ReadOnlyFileSystem, client.Fail(P9Messages.SetAttributes, SetAttributes(1, what)));
        client.Succeed(P9Messages.Open, Int(1), Int(0));
        Assert.Equal("contents", Encoding.ASCII.GetString(client.Read(1, 0, 100)));
        Assert.NotEqual(0, client.Fail(P9Messages.Write, Int(1), Long(0), Int(1), Byte(0)));
        Assert.Equal("contents", File.ReadAllText(Path.Combine(_shared, "file")));
    }

    [Fact]
    public void AttributesOfTheUsersAreKept()
    {
        using var server = new P9Server(_shared, isReadOnly: false);
        var client = new P9Client(server);
        client.Walk(0, 1);
        client.Create(1, "file");
        client.Walk(0, 2, "file");
        client.Succeed(P9Messages.ExtendedCreate, Int(2), Text("user.colour"), Long(4), Int(0));
        Assert.Equal(4u, client.Write(2, 0, "blue"u8.ToArray()));
        var (type, body) = client.Send(P9Messages.Clunk, Int(2));
        Assert.SkipWhen(type == P9Messages.Error && BitConverter.ToInt32(body) == NotSupported, "the file system has no attributes");
        Assert.Equal(4ul, BitConverter.ToUInt64(client.Succeed(P9Messages.ExtendedWalk, Int(1), Int(3), Text("user.colour"))));
        Assert.Equal("blue", Encoding.ASCII.GetString(client.Read(3, 0, 100)));
        client.Clunk(3);
        client.Succeed(P9Messages.ExtendedWalk, Int(1), Int(3), Text(""));
        Assert.Equal("user.colour\0", Encoding.ASCII.GetString(client.Read(3, 0, 100)));
        client.Clunk(3);
        Assert.Equal(61, client.Fail(P9Messages.ExtendedWalk, Int(1), Int(3), Text("user.size")));

        // Others mean something to the host.
        Assert.Equal(NotSupported, client.Fail(P9Messages.ExtendedCreate, Int(1), Text("security.capability"), Long(4), Int(0)));
        Assert.Equal(NotSupported, client.Fail(P9Messages.ExtendedWalk, Int(1), Int(3), Text("trusted.overlay.opaque")));

        // Nothing written where something was: removed.
        client.Walk(0, 2, "file");
        client.Succeed(P9Messages.ExtendedCreate, Int(2), Text("user.colour"), Long(0), Int(2));
        client.Clunk(2);
        Assert.Equal(61, client.Fail(P9Messages.ExtendedWalk, Int(1), Int(3), Text("user.colour")));
    }

    [Fact]
    public void WhatAGuestHoldsIsBounded()
    {
        using var server = new P9Server(_shared, isReadOnly: false);
        var client = new P9Client(server);
        var error = 0;
        for (uint number = 1; number < 100_000 && error == 0; number++)
        {
            var (type, body) = client.Send(P9Messages.Walk, Int(0), Int(number), Word(0));
            error = type == P9Messages.Error ? BitConverter.ToInt32(body) : 0;
        }

        Assert.Equal(23, error);
        Assert.Equal(server.MaximumFids, server.FidCount);
        client.Succeed(P9Messages.Version, Int(8192), Text("9P2000.L"));
        Assert.Equal(0, server.FidCount);
        client.Succeed(P9Messages.Attach, Int(0), Int(uint.MaxValue), Text("root"), Text(""), Int(0));
        client.Walk(0, 1);
        client.Create(1, "file");
        client.Write(1, 0, new byte[20_000]);
        Assert.InRange(client.Read(1, 0, uint.MaxValue).Length, 1, 8192 - 11);
        Assert.Equal(NotSupported, client.Fail(P9Messages.ExtendedWalk, Int(1), Int(2), Text("system.posix_acl_access")));
    }

    [Fact]
    public void AFileIsMadeOnceAndTimesAreSet()
    {
        using var server = new P9Server(_shared, isReadOnly: false);
        var client = new P9Client(server);
        client.Walk(0, 1);
        client.Create(1, "file");
        client.Walk(0, 2);
        Assert.Equal(Exists, client.Fail(P9Messages.Create, Int(2), Text("file"), Int(0xC1), Int(0x1A4), Int(0)));
        client.Create(2, "file");
        Assert.Equal(client.Attributes(1).Inode, client.Attributes(2).Inode);
        client.Succeed(P9Messages.SetAttributes, SetAttributes(1, P9Messages.SetChangeTime | P9Messages.SetChangeTimeTo, seconds: 1_000_000_000));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_000_000_000).UtcDateTime, File.GetLastWriteTimeUtc(Path.Combine(_shared, "file")));
        Assert.Equal(NoEntry, client.FailToWalk(0, 3, "none"));
        Assert.Equal(0, BitConverter.ToUInt16(client.Succeed(P9Messages.StatFs, Int(1)), 0) & 0x8000);
        Assert.Equal([0], client.Succeed(P9Messages.Lock, Int(1), Byte(0), Int(0), Long(0), Long(0), Int(1), Text("x")));
        Assert.Equal(NotSupported, client.Fail(20, Int(1), Int(0), Text("x")));
    }

    /// <summary>Random bytes, and random changes of good requests: an answer, and nothing else.</summary>
    [Fact]
    [Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
    public void NonsenseIsAnswered()
    {
        using var server = new P9Server(_shared, isReadOnly: false);
        var reply = new byte[16384];
        byte[] types = [8, 12, 14, 16, 18, 22, 24, 26, 30, 32, 40, 50, 52, 54, 70, 72, 74, 76, 100, 104, 108, 110, 116, 118, 120];
        foreach (var seed in FuzzSeeds.For(TimeSpan.FromSeconds(2)))
        {
            var random = new Random(seed);
            _ = new P9Client(server, 8192);
            for (var i = 0; i < 200; i++)
            {
                List<byte> body = [];
                while (body.Count < random.Next(60))
                {
                    body.AddRange(random.Next(5) switch
                    {
                        0 => Int((uint)random.Next(4)),
                        1 => Text(new string('a', random.Next(3)) + (random.Next(20) == 0 ? "/.." : "b")),
                        2 => Long((ulong)random.NextInt64(long.MinValue, long.MaxValue)),
                        3 => Word(random.Next(4)),
                        _ => [(byte)random.Next(256)],
                    });
                }

                byte[] request = [.. Int((uint)(random.Next(20) == 0 ? random.Next() : 7 + body.Count)), random.Next(20) == 0 ? (byte)random.Next(256) : types[random.Next(types.Length)], 0, 0, .. body];
                var room = random.Next(10) == 0 ? random.Next(40) : reply.Length;
                var length = server.Serve(request, reply.AsSpan(0, room));
                Assert.True(length >= 0 && length <= room, $"seed {seed}: an answer of {length} bytes where {room} fit");
            }
        }

        Assert.Equal(["shared"], Directory.GetFileSystemEntries(_outer.FullName).Select(Path.GetFileName));
    }

    private static byte[][] SetAttributes(uint number, uint valid, uint mode = 0x1A4, ulong size = 0, ulong seconds = 0) =>
        [Int(number), Int(valid), Int(mode), Int(0), Int(0), Long(size), Long(0), Long(0), Long(seconds), Long(0)];
}

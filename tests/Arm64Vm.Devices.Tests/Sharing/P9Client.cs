using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Devices.Sharing;

namespace Arm64Vm.Devices.Tests.Sharing;

/// <summary>Sends requests to a server as a driver does; the root is number 0.</summary>
internal sealed class P9Client
{
    private readonly P9Server _server;
    private readonly byte[] _reply = new byte[P9Server.MaximumMessage];
    private ushort _tag;

    public P9Client(P9Server server, uint messageSize = 128 * 1024)
    {
        _server = server;
        Succeed(P9Messages.Version, Int(messageSize), Text("9P2000.L"));
        Succeed(P9Messages.Attach, Int(0), Int(uint.MaxValue), Text("root"), Text(""), Int(0));
    }

    public static byte[] Byte(byte value) => [value];

    public static byte[] Word(int value) => BitConverter.GetBytes((ushort)value);

    public static byte[] Int(uint value) => BitConverter.GetBytes(value);

    public static byte[] Long(ulong value) => BitConverter.GetBytes(value);

    public static byte[] Text(string text) => [.. Word(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    /// <summary>Sends a request that succeeds; returns what follows the reply's header.</summary>
    public byte[] Succeed(byte type, params byte[][] fields)
    {
        var (replyType, body) = Send(type, fields);
        Assert.True(replyType == type + 1, $"request {type} failed with {(body.Length >= 4 ? BitConverter.ToInt32(body) : -1)}");
        return body;
    }

    /// <summary>Sends a request that fails; returns the error.</summary>
    public int Fail(byte type, params byte[][] fields)
    {
        var (replyType, body) = Send(type, fields);
        Assert.Equal(P9Messages.Error, replyType);
        return BitConverter.ToInt32(body);
    }

    public byte[] Walk(uint from, uint to, params string[] names) =>
        Succeed(P9Messages.Walk, [Int(from), Int(to), Word(names.Length), .. names.Select(Text)]);

    public int FailToWalk(uint from, uint to, params string[] names) =>
        Fail(P9Messages.Walk, [Int(from), Int(to), Word(names.Length), .. names.Select(Text)]);

    public void Clunk(uint number) => Succeed(P9Messages.Clunk, Int(number));

    public byte[] Read(uint number, ulong offset, uint count) => Succeed(P9Messages.Read, Int(number), Long(offset), Int(count))[4..];

    public uint Write(uint number, ulong offset, byte[] data) =>
        BitConverter.ToUInt32(Succeed(P9Messages.Write, Int(number), Long(offset), Int((uint)data.Length), data));

    /// <summary>Makes a file in a folder that a number stands for, which then stands for the file.</summary>
    public void Create(uint folder, string name, uint flags = 0x42, uint mode = 0x1A4) =>
        Succeed(P9Messages.Create, Int(folder), Text(name), Int(flags), Int(mode), Int(0));

    /// <summary>Mode, length and inode of a file.</summary>
    public (uint Mode, ulong Length, ulong Inode) Attributes(uint number)
    {
        var body = Succeed(P9Messages.GetAttributes, Int(number), Long(0x7FF));
        return (BitConverter.ToUInt32(body, 21), BitConverter.ToUInt64(body, 49), BitConverter.ToUInt64(body, 13));
    }

    /// <summary>Names in a folder.</summary>
    public List<string> Names(uint number, uint chunk)
    {
        List<string> names = [];
        for (ulong place = 0; ;)
        {
            var body = Succeed(P9Messages.ReadDirectory, Int(number), Long(place), Int(chunk)).AsSpan(4);
            if (body.IsEmpty)
                return names;
            while (!body.IsEmpty)
            {
                place = BinaryPrimitives.ReadUInt64LittleEndian(body[13..]);
                var length = BinaryPrimitives.ReadUInt16LittleEndian(body[22..]);
                names.Add(Encoding.UTF8.GetString(body.Slice(24, length)));
                body = body[(24 + length)..];
            }
        }
    }

    public (byte Type, byte[] Body) Send(byte type, params byte[][] fields)
    {
        byte[] body = [.. fields.SelectMany(field => field)];
        byte[] request = [.. Int((uint)(7 + body.Length)), type, .. Word(++_tag), .. body];
        var length = _server.Serve(request, _reply);
        Assert.Equal(length, BitConverter.ToInt32(_reply));
        Assert.Equal(_tag, BitConverter.ToUInt16(_reply, 5));
        return (_reply[4], _reply[7..length]);
    }
}

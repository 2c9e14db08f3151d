using System.Globalization;
using System.Text;

namespace Arm64Vm.Machine.Debugging.Gdb;

/// <summary>Packets that ask: what each means, and its answer.</summary>
internal sealed partial class GdbSession
{
    private const string Ok = "OK";
    private const string Malformed = "E01";
    private const string Unreadable = "E14";
    private const string Unsupported = "";

    /// <summary>Bytes read by one packet: the answer, in hexadecimal, must fit a packet.</summary>
    private const int MostMemory = PacketReader.MostData / 2;

    private async Task AnswerAsync(byte[] packet)
    {
        if (packet.Length == 0)
        {
            await SendAsync(Unsupported).ConfigureAwait(false);
            return;
        }

        if (StartsWith(packet, "qRcmd,"))
        {
            await SendAsync(await ExecuteAsync(packet).ConfigureAwait(false)).ConfigureAwait(false);
            return;
        }

        switch ((char)packet[0])
        {
            case 'D':
                await SendAsync(Ok).ConfigureAwait(false);
                await _target.DetachAsync().ConfigureAwait(false);
                Finish();
                return;
            case 'k':
                Finish();
                _target.Kill();
                return;
            case 'v' when StartsWith(packet, "vKill"):
                await SendAsync(Ok).ConfigureAwait(false);
                Finish();
                _target.Kill();
                return;
            case 'c' or 's' or 'C' or 'S':
            case 'v' when StartsWith(packet, "vCont;"):
                if (Resume(packet) is { } error)
                    await SendAsync(error).ConfigureAwait(false);
                return;
            default:
                await SendAsync(Reply(packet)).ConfigureAwait(false);
                return;
        }
    }

    private void Finish()
    {
        IsFinished = true;
        _isOver = true;
    }

    private string Reply(ReadOnlySpan<byte> packet)
    {
        var rest = packet[1..];
        return (char)packet[0] switch
        {
            '?' => Text($"T{SignalTrap:x2}thread:{_current + 1:x};"),
            'g' => ReadGeneral(),
            'G' => WriteGeneral(rest),
            'p' => ReadOne(rest),
            'P' => WriteOne(rest),
            'm' => ReadMemory(rest),
            'M' => WriteMemory(rest, isBinary: false),
            'X' => WriteMemory(rest, isBinary: true),
            'Z' => Point(rest, isAdded: true),
            'z' => Point(rest, isAdded: false),
            'H' => Select(rest),
            'T' => Hex.TryTakeNumber(ref rest, out var thread) && thread >= 1 && thread <= (ulong)_target.Processors ? Ok : "E03",
            'b' => "E.Going backwards is not possible: the machine keeps no record of its past",
            'q' => Query(packet),
            'Q' => Set(packet),
            'v' when StartsWith(packet, "vCont?") => "vCont;c;C;s;S;t",
            _ => Unsupported,
        };
    }

    private string Query(ReadOnlySpan<byte> packet)
    {
        var name = Encoding.Latin1.GetString(packet);
        if (name.StartsWith("qSupported", StringComparison.Ordinal))
        {
            _knowsBreakReasons = name.Contains("swbreak+", StringComparison.Ordinal);
            return Text($"PacketSize={PacketReader.MostData:x};qXfer:features:read+;QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+");
        }

        if (name.StartsWith("qThreadExtraInfo,", StringComparison.Ordinal))
        {
            return TryParseThread(packet["qThreadExtraInfo,".Length..], out var processor) && processor >= 0
                ? Convert.ToHexStringLower(Encoding.ASCII.GetBytes(_target.Describe(processor)))
                : Malformed;
        }

        if (name.StartsWith("qXfer:features:read:", StringComparison.Ordinal))
            return Transfer(name["qXfer:features:read:".Length..]);
        return name switch
        {
            "qC" => Text($"QC{_current + 1:x}"),
            "qfThreadInfo" => "m" + string.Join(',', Enumerable.Range(1, _target.Processors).Select(number => number.ToString("x", CultureInfo.InvariantCulture))),
            "qsThreadInfo" => "l",
            "qSymbol::" => Ok,
            "qqemu.PhyMemMode" => _isPhysical ? "1" : "0",
            "qqemu.sstepbits" => "ENABLE=1,NOIRQ=2,NOTIMER=4",
            "qqemu.sstep" => "0x7",
            _ => name.StartsWith("qAttached", StringComparison.Ordinal) ? "1" : Unsupported,
        };
    }

    private string Set(ReadOnlySpan<byte> packet)
    {
        switch (Encoding.Latin1.GetString(packet))
        {
            case "QStartNoAckMode":
                _acknowledges = false;
                return Ok;
            case "Qqemu.PhyMemMode:0" or "Qqemu.PhyMemMode:1":
                _isPhysical = packet[^1] == '1';
                return Ok;
            default:
                return Unsupported;
        }
    }

    /// <summary>Part of target.xml: <c>target.xml:offset,length</c>.</summary>
    private string Transfer(string request)
    {
        var parts = request.Split(':', ',');
        if (parts is not ["target.xml", var from, var length]
            || !int.TryParse(from, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var start)
            || !int.TryParse(length, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var count)
            || start < 0 || count < 0)
        {
            return "E00";
        }

        var xml = _target.Registers.TargetXml;
        start = Math.Min(start, xml.Length);
        count = Math.Min(count, Math.Min(xml.Length - start, MostMemory));
        return (start + count < xml.Length ? 'm' : 'l') + xml.Substring(start, count);
    }

    private string Select(ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty || !TryParseThread(rest[1..], out var processor))
            return Malformed;
        if (rest[0] == 'g')
            _current = processor >= 0 ? processor : _current;
        else if (rest[0] == 'c')
            _continued = processor;
        else
            return Malformed;
        return Ok;
    }

    /// <summary>Number of a processor; −1: any or all.</summary>
    private bool TryParseThread(ReadOnlySpan<byte> text, out int processor)
    {
        processor = -1;
        if (text.SequenceEqual("-1"u8) || text.SequenceEqual("0"u8))
            return true;
        if (!Hex.TryTakeNumber(ref text, out var number) || !text.IsEmpty || number == 0 || number > (ulong)_target.Processors)
            return false;
        processor = (int)number - 1;
        return true;
    }

    private async Task<string> ExecuteAsync(byte[] packet)
    {
        if (Hex.ToBytes(packet.AsSpan("qRcmd,".Length)) is not { } command)
            return Malformed;
        var output = await _target.ExecuteAsync(_current, Encoding.UTF8.GetString(command)).ConfigureAwait(false);
        var bytes = Encoding.UTF8.GetBytes(output);

        // Long answers go ahead as console output, which GDB prints as it comes.
        for (var start = 0; start + MostMemory / 2 < bytes.Length; start += MostMemory / 2)
            await SendAsync("O" + Convert.ToHexStringLower(bytes.AsSpan(start, MostMemory / 2))).ConfigureAwait(false);
        var last = bytes.AsSpan(bytes.Length - (bytes.Length % (MostMemory / 2)));
        if (bytes.Length > 0 && last.IsEmpty)
            last = bytes.AsSpan(bytes.Length - (MostMemory / 2));
        return last.IsEmpty ? Ok : Convert.ToHexStringLower(last);
    }

    private static bool StartsWith(ReadOnlySpan<byte> packet, string name) =>
        packet.Length >= name.Length && Encoding.Latin1.GetString(packet[..name.Length]) == name;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

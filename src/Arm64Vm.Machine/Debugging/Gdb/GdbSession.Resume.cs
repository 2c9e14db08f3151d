using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Cpu.Debugging;

namespace Arm64Vm.Machine.Debugging.Gdb;

/// <summary>Going on, and the news of a stop.</summary>
internal sealed partial class GdbSession
{
    private const int FramePointer = 29;

    /// <summary>Lets the target go on as c, s, C, S or vCont say; an error, or null: the answer comes with the stop.</summary>
    private string? Resume(ReadOnlySpan<byte> packet)
    {
        ResumeAction?[]? actions = packet[0] == 'v' ? ParseActions(packet["vCont".Length..]) : ParseOld(packet);
        if (actions is null)
            return Malformed;

        // Told first when several stop at once: the one that steps.
        if (!_target.TryResume(processor => actions[processor] ?? ResumeAction.Hold))
            return "E.The machine does not stand";
        _stepping = Array.IndexOf(actions, ResumeAction.Step);
        _runs = true;
        return null;
    }

    /// <summary><c>;action[:thread]…</c>: for each processor the first action that is for it; null: malformed.</summary>
    private ResumeAction?[]? ParseActions(ReadOnlySpan<byte> rest)
    {
        var actions = new ResumeAction?[_target.Processors];
        while (Hex.TryTake(ref rest, ';'))
        {
            var end = rest.IndexOf((byte)';');
            var one = end < 0 ? rest : rest[..end];
            rest = rest[one.Length..];
            if (one.IsEmpty)
                return null;
            ResumeAction? action = (char)one[0] switch
            {
                'c' or 'C' => ResumeAction.Continue,
                's' or 'S' => ResumeAction.Step,
                't' => ResumeAction.Hold,
                _ => null,
            };
            var thread = one.IndexOf((byte)':');
            var processor = -1;
            if (action is null || (thread >= 0 && !TryParseThread(one[(thread + 1)..], out processor)))
                return null;
            for (var i = 0; i < actions.Length; i++)
            {
                if (processor < 0 || processor == i)
                    actions[i] ??= action;
            }
        }

        return rest.IsEmpty && Array.Exists(actions, action => action is not (null or ResumeAction.Hold)) ? actions : null;
    }

    /// <summary><c>c [address]</c>, <c>C signal[;address]</c> and the same with s: for the processors that Hc chose; signals mean nothing to a machine.</summary>
    private ResumeAction?[]? ParseOld(ReadOnlySpan<byte> packet)
    {
        var steps = packet[0] is (byte)'s' or (byte)'S';
        var rest = packet[1..];
        if (packet[0] is (byte)'C' or (byte)'S' && (!Hex.TryTakeNumber(ref rest, out _) || (!rest.IsEmpty && !Hex.TryTake(ref rest, ';'))))
            return null;
        if (!rest.IsEmpty)
        {
            if (!Hex.TryTakeNumber(ref rest, out var address) || !rest.IsEmpty)
                return null;
            Span<byte> pc = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(pc, address);
            if (!_target.TryWriteRegister(_current, RegisterLayout.Pc, pc))
                return null;
        }

        var actions = new ResumeAction?[_target.Processors];
        Array.Fill(actions, ResumeAction.Continue);
        if (steps)
            actions[_continued >= 0 ? _continued : _current] = ResumeAction.Step;
        return actions;
    }

    private string DescribeStop(TargetStop stop)
    {
        var text = new StringBuilder(Text($"T{(stop.Stop is null ? SignalInterrupt : SignalTrap):x2}thread:{stop.Processor + 1:x};"));
        switch (stop.Stop)
        {
            case { Kind: DebugStopKind.Breakpoint } when _knowsBreakReasons:
                text.Append("swbreak:;");
                break;
            case { Kind: DebugStopKind.Watchpoint, Watch: { } watch } hit:
                var name = watch.Access switch { DebugAccess.Write => "watch", DebugAccess.Read => "rwatch", _ => "awatch" };
                text.Append(Text($"{name}:{hit.Address:x};"));
                break;
        }

        // What GDB asks for next anyway.
        foreach (var number in (ReadOnlySpan<int>)[FramePointer, RegisterLayout.StackPointer, RegisterLayout.Pc])
        {
            if (ReadRegister(stop.Processor, number) is { } value)
                text.Append(Text($"{number:x2}:")).AppendHex(value).Append(';');
        }

        return text.ToString();
    }
}

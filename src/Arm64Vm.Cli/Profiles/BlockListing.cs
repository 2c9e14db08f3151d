using System.Buffers.Binary;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Isa;
using Arm64Vm.Profiling;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Profiling;
using Iced.Intel;

namespace Arm64Vm.Cli.Profiles;

/// <summary>A guest instruction, its IR and its host code.</summary>
/// <param name="Address">Virtual.</param>
/// <param name="Word">The instruction; null for host code before the first one's.</param>
/// <param name="Text">Disassembled.</param>
/// <param name="Samples">In its host code.</param>
/// <param name="Ir">Lines of IR, made again from the guest's bytes.</param>
/// <param name="Host">Host instructions.</param>
internal sealed record ListedInstruction(ulong Address, uint? Word, string Text, long Samples, IReadOnlyList<string> Ir, IReadOnlyList<ListedHostInstruction> Host);

/// <summary>A host instruction.</summary>
/// <param name="Offset">Bytes from the start of the unit's host code.</param>
/// <param name="IsCold">It is on a slow path or in a link stub.</param>
/// <param name="Text">Disassembled.</param>
/// <param name="Samples">At it.</param>
internal readonly record struct ListedHostInstruction(int Offset, bool IsCold, string Text, long Samples);

/// <summary>The code of a block: guest instructions in order, each with what it became.</summary>
internal static class BlockListing
{
    public static List<ListedInstruction> Of(ProfileBlock block)
    {
        var samples = block.SamplesByInstruction();
        var ir = IrListing.Of(block.GuestCode, block.VirtualAddress, new TranslationMode(block.Mode), block.GuestInstructions, TranslatorOptions.MachineSideExits, block.Entries >= 0 ? 1 : TranslatorOptions.MachineRounds).ToLookup(line => line.GuestOffset, line => line.Text);
        var host = Disassemble(block).ToLookup(line => line.GuestOffset, line => line.Line);
        List<ListedInstruction> listing = [];
        if (host[-1].Any())
            listing.Add(new ListedInstruction(block.VirtualAddress, null, "", 0, [], [.. host[-1]]));
        for (var offset = 0; offset + 4 <= block.GuestCode.Length; offset += 4)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(block.GuestCode.AsSpan(offset));
            var address = block.VirtualAddress + (ulong)offset;
            listing.Add(new ListedInstruction(address, word, A64Disassembler.Disassemble(word, address).Replace('\t', ' '), samples[offset / 4], [.. ir[offset]], [.. host[offset]]));
        }

        return listing;
    }

    /// <summary>Host instructions, with what they belong to. Records of slow paths lie between them, where decoding goes astray: it begins anew at each entry of the map.</summary>
    private static IEnumerable<(int GuestOffset, ListedHostInstruction Line)> Disassemble(ProfileBlock block)
    {
        var formatter = new NasmFormatter();
        var text = new StringOutput();
        for (var piece = -1; piece < block.Map.Length; piece++)
        {
            var start = piece < 0 ? 0 : block.Map[piece].HostOffset;
            var end = piece + 1 < block.Map.Length ? block.Map[piece + 1].HostOffset : block.HostCode.Length;
            if (start >= end || end > block.HostCode.Length)
                continue;
            var decoder = Decoder.Create(64, block.HostCode.AsSpan(start, end - start).ToArray(), (ulong)start);
            while (decoder.IP < (ulong)end)
            {
                decoder.Decode(out var instruction);
                if (instruction.IsInvalid)
                    break;
                formatter.Format(instruction, text);
                var offset = (int)instruction.IP;
                var count = block.Samples.Where(one => one.HostOffset >= offset && one.HostOffset < offset + instruction.Length).Sum(one => one.Count);
                yield return (piece < 0 ? -1 : block.Map[piece].GuestOffset, new ListedHostInstruction(offset, offset >= block.HotSize, text.ToStringAndReset(), count));

                // Behind the call of a routine that leaves there is a record of what is wanted, and then code again or the next piece.
                if (instruction.Code == Code.Call_rel32_64 && instruction.NearBranchTarget >= (ulong)block.HostCode.Length)
                    decoder = After(block, end, offset + instruction.Length);
            }
        }
    }

    private static Decoder After(ProfileBlock block, int end, int at)
    {
        if (at < end)
            at += MemoryRecord.BytesBefore(block.HostCode[at]);
        var record = at < end && MemoryRecord.Is(block.HostCode[at]) ? MemoryRecord.SizeInBytes : SlowDescriptor.SizeInBytes;
        at = Math.Min(end, at + record);
        return Decoder.Create(64, block.HostCode.AsSpan(at, end - at).ToArray(), (ulong)at);
    }
}
